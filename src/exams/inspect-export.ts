/**
 * Our items as an Inspect task, so that others run them in their own harness. The Python file holds no grader:
 * it hands answers to `gradus measure grade`, because two graders would be two exams.
 */
import { z } from 'zod';
import { GradusError } from '../kernel/errors.ts';
import { parse } from '../kernel/schema.ts';
import { chooseFamilies, createPlannedItem } from './exam-plan.ts';
import type { ExamSettings } from './exam-settings.ts';
import { createItem, hashMessages, type Family, type ItemKey } from './family.ts';

export interface InspectExport {
  /** `items.jsonl`: one sample a line. */
  readonly items: string;
  /** `gradus_exam.py` */
  readonly task: string;
}

/** The first `count` items of each family under these settings and this root seed. */
export function exportToInspect(
  settings: ExamSettings,
  available: readonly Family[],
  { rootSeed, count }: { readonly rootSeed: string; readonly count: number },
): InspectExport {
  const lines = chooseFamilies(settings, available).flatMap((family) =>
    Array.from({ length: Math.min(count, family.lineCount ?? count) }, (_, index) => {
      const item = createPlannedItem(family, index, settings, rootSeed);
      return JSON.stringify({
        id: item.id,
        input: item.messages,
        target: item.witness,
        metadata: {
          family: item.family,
          version: item.version,
          language: item.language,
          rung: item.rung,
          seed: item.seed,
          prompt_hash: hashMessages(item.messages),
        },
      });
    }),
  );
  return { items: `${lines.join('\n')}\n`, task: pythonTask };
}

const gradeRequestSchema: z.ZodType<ItemKey & { family: string; answer: string }> = z.strictObject({
  family: z.string(),
  language: z.enum(['en', 'zh']),
  rung: z.int().positive(),
  seed: z.string(),
  answer: z.string(),
});

/** Grades answers, one JSON request a line in, one JSON grade a line out. */
export function gradeLines(text: string, available: readonly Family[]): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      let json: unknown;
      try {
        json = JSON.parse(line);
      } catch (cause) {
        throw new GradusError('invalid-json', { message: 'A line is not well-formed JSON.' }, { cause });
      }
      const { family: name, answer, ...key } = parse(gradeRequestSchema, json);
      const family = available.find((candidate) => candidate.name === name);
      if (family === undefined) {
        throw new GradusError('invalid-request', {
          message: `There is no family "${name}".`,
          param: 'family',
        });
      }
      return `${JSON.stringify(createItem(family, key).grade(answer))}\n`;
    })
    .join('');
}

const pythonTask = `"""Gradus exam items as an Inspect task. Run beside items.jsonl:

    inspect eval gradus_exam.py --model openai-api/NAME/MODEL

Answers are graded by the same program that graded the Gradus report: set GRADUS_COMMAND when \`gradus\` is not
on the path.
"""
import json
import os
import shlex
import subprocess
from pathlib import Path

from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageUser
from inspect_ai.scorer import CORRECT, INCORRECT, Score, Target, accuracy, grouped, scorer, stderr
from inspect_ai.solver import TaskState, generate

ROLES = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}


def load() -> list[Sample]:
    lines = Path(__file__).with_name("items.jsonl").read_text(encoding="utf-8").splitlines()
    samples = []
    for line in lines:
        item = json.loads(line)
        messages = [ROLES[m["role"]](content=m["content"]) for m in item["input"]]
        samples.append(Sample(id=item["id"], input=messages, target=item["target"], metadata=item["metadata"]))
    return samples


@scorer(metrics=[accuracy(), stderr(), grouped(accuracy(), "family")])
def gradus():
    async def score(state: TaskState, target: Target) -> Score:
        request = {k: state.metadata[k] for k in ("family", "language", "rung", "seed")}
        # Only a full answer can be right, as in Gradus.
        complete = state.output.stop_reason == "stop"
        request["answer"] = state.output.completion if complete else ""
        command = shlex.split(os.environ.get("GRADUS_COMMAND", "gradus")) + ["measure", "grade"]
        done = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True, check=True)
        grade = json.loads(done.stdout)
        return Score(
            value=CORRECT if grade["correct"] else INCORRECT,
            answer=grade["reading"],
            explanation=grade["reason"],
        )

    return score


@task
def gradus_exam() -> Task:
    return Task(dataset=load(), solver=generate(), scorer=gradus())
`;

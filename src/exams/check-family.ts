/**
 * The contract suite as a function: what every family, built in or from a plug-in, must pass before its items
 * count. Tests call it with many items, the plug-in loader with few.
 */
import { isDeepStrictEqual } from 'node:util';
import { createItem, createNamedRandom, type Family, type Item } from './family.ts';
import { nullAgents } from './null-agents.ts';
import { binomialUpperTail } from './statistics/special-functions.ts';

export interface FamilyCheckOptions {
  readonly itemsPerRung: number;
  /** Names the series of items; another name checks other items. */
  readonly seed: string;
  /**
   * A second solver that shares no code with the family: an answer that must be graded right, or null when
   * the item is too large for it.
   */
  readonly solve?: (item: Item) => string | null;
}

export interface NullRate {
  readonly rung: number;
  readonly agent: string;
  readonly successes: number;
  readonly n: number;
  readonly declared01: number;
}

export interface FamilyCheck {
  readonly items: number;
  /** How many items the second solver answered. */
  readonly solved: number;
  /** At most 20 faults, in plain words; empty when the family keeps the contract. */
  readonly faults: readonly string[];
  /** The best null agent of each rung. */
  readonly best: readonly NullRate[];
}

/** So many items of each rung are made twice and compared with each other. */
const sampleItems = 100;

/** Chance of a false alarm for one agent at one rung whose true rate is exactly the declared one. */
const alarm01 = 1e-5;

/** Makes items of every rung and language and tries to break the family's promises. */
export function checkFamily(family: Family, options: FamilyCheckOptions): FamilyCheck {
  const faults: string[] = [];
  const best: NullRate[] = [];
  let items = 0;
  let solved = 0;
  family.rungs.forEach((declared, index) => {
    const rung = index + 1;
    const before = family.rungs[index - 1];
    if (before !== undefined && declared.size <= before.size)
      faults.push(`rung ${rung} is not larger than ${rung - 1}`);
    const counts = new Map(nullAgents.map((agent) => [agent.name, 0]));
    const prompts = new Set<string>();
    for (let i = 0; i < options.itemsPerRung; i++) {
      const language = family.languages[i % family.languages.length] ?? 'en';
      const key = { language, rung, seed: `${options.seed}/${i}` };
      const item = createItem(family, key);
      items++;
      if (i < sampleItems) prompts.add(JSON.stringify(item.messages));
      const again = i < sampleItems ? createItem(family, key) : item;
      faults.push(...findItemFaults(item, again, family).map((fault) => `${item.id}: ${fault}`));
      const answer = options.solve?.(item) ?? null;
      if (answer !== null) {
        solved++;
        const grade = item.grade(answer);
        if (!grade.correct) faults.push(`${item.id}: the second solver disagrees: ${grade.reason}`);
      }
      const random = createNamedRandom(`null/${item.id}`);
      for (const agent of nullAgents) {
        if (item.grade(agent.answer(item, random)).correct)
          counts.set(agent.name, (counts.get(agent.name) ?? 0) + 1);
      }
    }
    const sampled = Math.min(options.itemsPerRung, sampleItems);
    if (prompts.size < sampled * 0.5) {
      faults.push(`rung ${rung} repeats itself: ${prompts.size} different of ${sampled}`);
    }
    const rates = [...counts].map(([agent, successes]) => {
      return { rung, agent, successes, n: options.itemsPerRung, declared01: declared.chance01 };
    });
    for (const { agent, successes, n } of rates) {
      if (binomialUpperTail(successes, n, declared.chance01) < alarm01) {
        faults.push(
          `rung ${rung}: null agent ${agent} is right ${successes} of ${n} times, declared ${declared.chance01}`,
        );
      }
    }
    const top = rates.toSorted((a, b) => b.successes - a.successes)[0];
    if (top !== undefined) best.push(top);
  });
  return { items, solved, faults: faults.slice(0, 20), best };
}

function findItemFaults(item: Item, again: Item, family: Family): string[] {
  const faults: string[] = [];
  const same = (a: Item): unknown => [a.id, a.messages, a.puzzle, a.witness, a.nearMisses];
  if (!isDeepStrictEqual(same(item), same(again))) faults.push('the same seed gives another item');
  for (const text of wrap(item.witness, family.answerForm)) {
    const grade = item.grade(text);
    if (!grade.correct)
      faults.push(`the witness fails (${grade.reason}): ${JSON.stringify(text.slice(0, 200))}`);
  }
  for (const text of [...item.nearMisses, ...junk, hide(item.witness)]) {
    if (item.grade(text).correct) faults.push(`a wrong answer passes: ${JSON.stringify(text.slice(0, 200))}`);
  }
  return faults;
}

/** Forms in which the same answer must be read alike. */
function wrap(witness: string, form: Family['answerForm']): string[] {
  const thought = `<think>Perhaps 7? No.\nAnswer: 7\n答案：7</think>\n${witness}`;
  if (form === 'whole') return [witness, `${witness}\n`, thought, `\`\`\`\n${witness}\n\`\`\``];
  return [
    witness,
    thought,
    `First I look at all of it, 1 and 2 and 3.\n\n**${witness}**`,
    `${witness}.`,
    `${witness}\n\n`,
    witness.replaceAll(/\d/gu, (digit) => String.fromCodePoint((digit.codePointAt(0) ?? 0) + 0xff10 - 0x30)),
  ];
}

/** An answer that stands only in a thought is no answer. */
function hide(witness: string): string {
  return `<think>${witness}`;
}

const junk = ['', ' ', '\n\n', 'Answer:', '答案：', '<think>', 'Answer: ?', '\\boxed{', '{"', '🙂'];

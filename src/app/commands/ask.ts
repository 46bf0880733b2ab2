/** `gradus ask`: one question, the answer on standard output and nothing else, so that it pipes. */
import { fstatSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { text as readText } from 'node:stream/consumers';
import { GradusError } from '../../kernel/errors.ts';
import type { Settings } from '../settings.ts';
import { openTarget, streamAnswer, type ChatMessage, type TargetOptions } from './chat-client.ts';

export interface AskFlags extends TargetOptions {
  readonly system?: string;
  readonly temperature?: number;
  readonly maxTokens?: number;
  readonly seed?: number;
  readonly file: readonly string[];
  readonly json: boolean;
}

/** Standard input, when it is piped in, and files are put behind the question. Truncation is told on stderr and by exit code 1. */
export async function runAsk(
  settings: Settings,
  words: readonly string[],
  flags: AskFlags,
  signal: AbortSignal,
): Promise<void> {
  const parts = [words.join(' ').trim()];
  for (const file of flags.file) parts.push(`${file}:\n${await readFile(file, 'utf8')}`);
  if (hasPipedInput(words.length > 0)) parts.push((await readText(process.stdin)).trim());
  const question = parts.filter((part) => part !== '').join('\n\n');
  if (question === '') {
    throw new GradusError('invalid-request', {
      message: 'There is no question: give it as words or on standard input.',
    });
  }
  const messages: ChatMessage[] = [
    ...(flags.system === undefined ? [] : [{ role: 'system' as const, content: flags.system }]),
    { role: 'user', content: question },
  ];
  await using target = await openTarget(settings, flags, signal);
  const { temperature, maxTokens, seed } = flags;
  const answer = await streamAnswer(
    target,
    {
      messages,
      ...(temperature === undefined ? {} : { temperature }),
      ...(maxTokens === undefined ? {} : { maxTokens }),
      ...(seed === undefined ? {} : { seed }),
    },
    { signal, onText: (text) => void (flags.json || process.stdout.write(text)) },
  );
  if (flags.json) {
    const { text, finishReason } = answer;
    process.stdout.write(`${JSON.stringify({ model: target.model, text, finishReason })}\n`);
  } else if (!answer.text.endsWith('\n')) {
    process.stdout.write('\n');
  }
  if (answer.finishReason === 'length') {
    process.stderr.write('The answer was cut at the token limit; raise it with --max-tokens.\n');
    process.exitCode = 1;
  }
}

/**
 * A shell's pipe or redirection is read. Other programs often leave an open socket that never ends as
 * standard input: with a question at hand nobody waits for that.
 */
function hasPipedInput(hasQuestion: boolean): boolean {
  if (process.stdin.isTTY) return false;
  try {
    const input = fstatSync(process.stdin.fd);
    return input.isFIFO() || input.isFile() || !hasQuestion;
  } catch {
    // Standard input is closed.
    return false;
  }
}

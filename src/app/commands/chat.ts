/** `gradus chat`: a conversation in the terminal. Ctrl-C stops the answer; at the prompt it ends the program. */
import { writeFile } from 'node:fs/promises';
import process from 'node:process';
import readline from 'node:readline/promises';
import { toGradusError } from '../../kernel/errors.ts';
import type { Settings } from '../settings.ts';
import { describeError } from '../terminal.ts';
import {
  listModels,
  openTarget,
  streamAnswer,
  type ChatMessage,
  type Target,
  type TargetOptions,
} from './chat-client.ts';

const help = `/help            this list
/model [NAME]    show the models, or go on with another one
/system [TEXT]   set or clear the system prompt; starts anew
/save FILE       write the conversation as Markdown
/new             forget the conversation
/quit            end (also Ctrl-D)`;

export async function runChat(
  settings: Settings,
  flags: TargetOptions & { readonly system?: string },
  signal: AbortSignal,
): Promise<void> {
  await using target = await openTarget(settings, flags, signal);
  const session = new ChatSession(target, flags.system);
  const terminal = readline.createInterface({ input: process.stdin, output: process.stdout });
  terminal.on('SIGINT', () => {
    if (!session.stopAnswer()) terminal.close();
  });
  signal.addEventListener('abort', () => terminal.close(), { once: true });
  process.stdout.write(`${session.model}. /help lists the commands.\n`);
  terminal.setPrompt('> ');
  terminal.prompt();
  for await (const line of terminal) {
    if (line.trim() === '/quit') break;
    await session.take(line.trim());
    terminal.prompt();
  }
  terminal.close();
  process.stdout.write('\n');
}

class ChatSession {
  #target: Target;
  #system: string | undefined;
  #messages: ChatMessage[] = [];
  #answering: AbortController | undefined;

  constructor(target: Target, system: string | undefined) {
    this.#target = target;
    this.#system = system;
  }

  get model(): string {
    return this.#target.model;
  }

  /** True when there was an answer to stop. */
  stopAnswer(): boolean {
    if (this.#answering === undefined) return false;
    this.#answering.abort();
    return true;
  }

  async take(line: string): Promise<void> {
    if (line === '') return;
    try {
      await (line.startsWith('/') ? this.#command(line) : this.#answer(line));
    } catch (error) {
      process.stdout.write(`${describeError(error)}\n`);
    }
  }

  async #command(line: string): Promise<void> {
    const [name = '', ...rest] = line.split(' ');
    const value = rest.join(' ').trim();
    switch (name) {
      case '/help':
        process.stdout.write(`${help}\n`);
        return;
      case '/model': {
        if (value !== '') this.#target = { ...this.#target, model: value };
        const ids = await listModels(this.#target.url, this.#target.key, new AbortController().signal);
        for (const id of ids ?? []) process.stdout.write(`${id === this.model ? '*' : ' '} ${id}\n`);
        return;
      }
      case '/system':
        this.#system = value === '' ? undefined : value;
        this.#messages = [];
        return;
      case '/new':
        this.#messages = [];
        return;
      case '/save':
        await writeFile(value === '' ? 'chat.md' : value, this.#toMarkdown());
        process.stdout.write(`Saved to ${value === '' ? 'chat.md' : value}.\n`);
        return;
      default:
        process.stdout.write(`There is no command ${name}; /help lists them.\n`);
    }
  }

  async #answer(line: string): Promise<void> {
    const system: ChatMessage[] =
      this.#system === undefined ? [] : [{ role: 'system', content: this.#system }];
    const question: ChatMessage = { role: 'user', content: line };
    const answering = new AbortController();
    this.#answering = answering;
    let text = '';
    try {
      const answer = await streamAnswer(
        this.#target,
        { messages: [...system, ...this.#messages, question] },
        {
          signal: answering.signal,
          onText(piece) {
            text += piece;
            process.stdout.write(piece);
          },
        },
      );
      process.stdout.write(answer.finishReason === 'length' ? '\n[cut at the token limit]\n' : '\n');
    } catch (error) {
      if (!answering.signal.aborted) throw toGradusError(error);
      process.stdout.write('\n[stopped]\n');
    } finally {
      this.#answering = undefined;
    }
    // A stopped answer stays as far as it came: the reader has seen it.
    if (text !== '') this.#messages.push(question, { role: 'assistant', content: text });
  }

  #toMarkdown(): string {
    const head = this.#system === undefined ? '' : `> ${this.#system}\n\n`;
    return head + this.#messages.map((message) => `**${message.role}**\n\n${message.content}\n`).join('\n');
  }
}

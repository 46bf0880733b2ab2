/** The command line: reads words and flags, hands over to one command, and turns what it throws into an exit code. */
import process from 'node:process';
import { Command, InvalidArgumentError } from 'commander';
import { readSettings, type Settings } from './settings.ts';
import { describeError, exitCodeOf } from './terminal.ts';
import { version } from './version.ts';

const stop = new AbortController();
let isStopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second Ctrl-C means now.
    if (isStopping) process.exit(130);
    isStopping = true;
    stop.abort();
  });
}

interface CommonFlags {
  readonly host?: string;
  readonly port?: string;
  readonly model?: string;
  readonly script?: string;
}

const program = new Command('gradus')
  .description('An open, self-hosted AI system of five levels, on models that you hold.')
  .version(version)
  .showHelpAfterError('(gradus --help lists the commands)')
  .configureHelp({ showGlobalOptions: true })
  .addHelpText(
    'after',
    `
Examples:
  gradus serve                                 start the server with the best model that fits this machine
  gradus ask "What is the capital of Peru?"    one answer on standard output
  git diff | gradus ask "Review this change"   with something piped in
  gradus chat --model qwen2.5-coder-0.5b-instruct
  gradus models list
  gradus doctor

Environment: GRADUS_HOME, GRADUS_MODEL, GRADUS_HOST, GRADUS_PORT, GRADUS_DATABASE_URL; more in gradus.json below GRADUS_HOME.
Exit codes: 0 done, 1 failed, 2 wrong use.`,
  );
program.exitOverride((error) => {
  process.exit(error.exitCode === 0 ? 0 : 2);
});

program
  .command('serve')
  .description('start the server')
  .option('--host <host>', 'address to listen on (default: 127.0.0.1)')
  .option('--port <port>', 'port to listen on (default: 4111)')
  .option('--model <name>', 'model to load at start: an id or the path of a GGUF file')
  .option('--script <file>', 'serve a scripted engine from this file, for tests and work without a model')
  .option('--verbose', 'log every request', false)
  .action(async (flags: CommonFlags & { verbose: boolean }) => {
    const { runServe } = await import('./commands/serve.ts');
    await runServe(settingsFor(flags), flags, stop.signal);
  });

program
  .command('ask')
  .description('ask one question; the answer goes to standard output')
  .argument('[words...]', 'the question; standard input is added when piped in')
  .option('--model <name>', 'model or level to ask')
  .option('--url <url>', 'an OpenAI-compatible server, with /v1 (default: the server at home)')
  .option('--key <key>', 'key for that server')
  .option('--system <text>', 'system prompt')
  .option('--file <path>', 'put a text file behind the question; may be repeated', collect, [])
  .option('--temperature <number>', '0 is greedy', toNumber)
  .option('--max-tokens <number>', 'longest answer', toNumber)
  .option('--seed <number>', 'the same seed gives the same answer', toNumber)
  .option('--json', 'print one JSON object', false)
  .action(
    async (
      words: string[],
      flags: CommonFlags & {
        url?: string;
        key?: string;
        system?: string;
        file: string[];
        temperature?: number;
        maxTokens?: number;
        seed?: number;
        json: boolean;
      },
    ) => {
      const { runAsk } = await import('./commands/ask.ts');
      await runAsk(settingsFor({}), words, flags, stop.signal);
    },
  );

program
  .command('chat')
  .description('talk in the terminal')
  .option('--model <name>', 'model or level to talk to')
  .option('--url <url>', 'an OpenAI-compatible server, with /v1 (default: the server at home)')
  .option('--key <key>', 'key for that server')
  .option('--system <text>', 'system prompt')
  .action(async (flags: CommonFlags & { url?: string; key?: string; system?: string }) => {
    const { runChat } = await import('./commands/chat.ts');
    await runChat(settingsFor({}), flags, stop.signal);
  });

const models = program.command('models').description('what can be had, and what is here');
models
  .command('list', { isDefault: true })
  .description('the catalog, with what is on this machine')
  .option('--json', 'print JSON', false)
  .action(async (flags: { json: boolean }) => {
    const { listModels } = await import('./commands/models.ts');
    await listModels(settingsFor({}), flags);
  });
models
  .command('pull <name>')
  .description('fetch the weights of a model; goes on where an earlier pull stopped')
  .option('--from <file>', 'take the weights from this file')
  .action(async (name: string, flags: { from?: string }) => {
    const { pullModel } = await import('./commands/models.ts');
    await pullModel(settingsFor({}), name, flags, stop.signal);
  });
models
  .command('remove <name>')
  .description('delete the weights of a model')
  .action(async (name: string) => {
    const { removeModel } = await import('./commands/models.ts');
    await removeModel(settingsFor({}), name);
  });
models
  .command('show <name>')
  .description('everything known about a model')
  .option('--json', 'print JSON', false)
  .action(async (name: string, flags: { json: boolean }) => {
    const { showModel } = await import('./commands/models.ts');
    await showModel(settingsFor({}), name, flags);
  });

program
  .command('doctor')
  .description('what this machine has, and what Gradus would do with it')
  .option('--json', 'print JSON', false)
  .action(async (flags: { json: boolean }) => {
    const { runDoctor } = await import('./commands/doctor.ts');
    await runDoctor(settingsFor({}), flags, stop.signal);
  });

try {
  await program.parseAsync();
} catch (error) {
  if (!stop.signal.aborted) process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = stop.signal.aborted ? 130 : exitCodeOf(error);
}

function settingsFor(flags: CommonFlags): Settings {
  return readSettings(process.env, flags);
}

function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}

function toNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('a number is wanted');
  return value;
}

/** The command line: reads words and flags, hands over to one command, and turns what it throws into an exit code. */
import process from 'node:process';
import { Command, InvalidArgumentError } from 'commander';
import type { MeasureFlags } from './commands/measure.ts';
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
  gradus measure --levels 2 --max-items 40     what the model can be relied on for
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
  .option('--temperature <number>', '0 is greedy (default: 0.7)', toNumber)
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

const measure = program
  .command('measure')
  .description('examine an endpoint with fresh items: what it can be relied on for, with the evidence')
  .option('--url <url>', 'an OpenAI-compatible server, with /v1 (default: the server at home)')
  .option('--key <key>', 'key for that server')
  .option('--model <name>', 'model or level to examine')
  .option('--levels <list>', 'levels whose families are asked', toNumbers, [1, 2])
  .option('--families <list>', 'families instead of whole levels', toList, [])
  .option('--lang <list>', 'languages of the items: en, zh', toList, ['en'])
  .option('--target <rate>', 'what counts as shown (default: 0.8)', toNumber)
  .option('--alpha <rate>', 'chance of a wrong verdict (default: 0.05)', toNumber)
  .option('--max-items <number>', 'items per family at most (default: 120)', toNumber)
  .option('--fixed-items <number>', 'items per family, without early stop', toNumber)
  .option('--budget-tokens <number>', 'stop after so many tokens', toNumber)
  .option('--budget-seconds <number>', 'stop after so many seconds', toNumber)
  .option('--concurrency <number>', 'questions at once', toNumber, 4)
  .option(
    '--temperature <number>',
    'sent with each question; default: what the endpoint does by itself',
    toNumber,
  )
  .option('--max-tokens <number>', 'longest answer', toNumber)
  .option('--out <folder>', 'where the evidence goes')
  .option('--resume <folder>', 'go on with a stopped exam')
  .option('--json', 'print the report as JSON', false)
  .addHelpText(
    'after',
    `
Examples:
  gradus measure                                          levels 1 and 2 of the server at home
  gradus measure --model NAME --levels 2 --max-items 40
  gradus measure --url http://127.0.0.1:8000/v1 --model NAME --families lcm,calendar --lang en,zh
  gradus measure verify REPORT.json
  gradus measure compare A.json B.json`,
  )
  .action(async (flags: MeasureFlags) => {
    const { runMeasure } = await import('./commands/measure.ts');
    await runMeasure(settingsFor({}), flags, stop.signal);
  });
measure
  .command('verify <report>')
  .description('make the items of a report again and grade its answers again, offline')
  .action(async (file: string) => {
    const { runVerify } = await import('./commands/measure.ts');
    await runVerify(file);
  });
measure
  .command('compare <a> <b>')
  .description('the difference of two reports on the same seeds, with its interval')
  .option('--in <language>', 'en or zh', 'en')
  .option('--as-json', 'print JSON', false)
  .action(async (a: string, b: string, flags: { in: string; asJson: boolean }) => {
    const { runCompare } = await import('./commands/measure.ts');
    await runCompare(a, b, { lang: flags.in, json: flags.asJson });
  });

program
  .command('backup <file>')
  .description(
    'write everything that is stored into one file; stop the server first with the embedded database',
  )
  .action(async (file: string) => {
    const { runBackup } = await import('./commands/backup.ts');
    await runBackup(settingsFor({}), file, stop.signal);
  });
program
  .command('restore <file>')
  .description('bring a backup into an empty database, of either kind')
  .action(async (file: string) => {
    const { runRestore } = await import('./commands/backup.ts');
    await runRestore(settingsFor({}), file, stop.signal);
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

function toList(text: string): readonly string[] {
  return text.split(',').filter((part) => part !== '');
}

function toNumbers(text: string): readonly number[] {
  return toList(text).map(toNumber);
}

function toNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('a number is wanted');
  return value;
}

/**
 * What the server adds to an engine: the time to the first token at 1, 16 and 64 clients beside another
 * Node gateway, the cost of fast streams, and memory over many requests.
 * Run: node bench/gateway.ts [first-token] [streams] [memory]
 */
import { startChild, type Child, type ProcessUse } from './gateway/child.ts';
import { load, type LoadResult, type Target } from './gateway/load.ts';
import { firstTokenDelayMs, pacedStreams, pacedTokens, pacedTokensPerSecond } from './gateway/plan.ts';
import { portkeyVersion, startPortkey } from './gateway/portkey.ts';

const rounds = Number(process.env['GRADUS_BENCH_ROUNDS'] ?? 3);
const parts = process.argv.slice(2);
const isWanted = (part: string): boolean => parts.length === 0 || parts.includes(part);

await using gradus = await startChild('./gradus-child.ts');
if (isWanted('first-token')) await measureFirstToken(gradus);
if (isWanted('streams')) await measureStreams(gradus);
if (isWanted('memory')) await measureMemory(gradus);

/**
 * The other gateway is measured with whole answers: its streams fail on this Node, and by its own code it
 * holds the first chunk of a stream back for 25 ms.
 */
async function measureFirstToken(server: Child): Promise<void> {
  await using upstream = await startChild('./upstream-child.ts');
  await using portkey = await startPortkey(upstream.port);
  const ours: Target = { port: server.port };
  const bare: Target = { port: upstream.port };
  const theirs: Target | undefined =
    portkey === undefined
      ? undefined
      : {
          port: portkey.port,
          headers: {
            authorization: 'Bearer none',
            'x-portkey-provider': 'openai',
            'x-portkey-custom-host': `http://127.0.0.1:${upstream.port}/v1`,
          },
        };
  const measure = (target: Target, stream: boolean, clients: number, requests: number): Promise<LoadResult> =>
    load({ target, clients, requests, prompt: 'delayed', stream });
  for (const stream of [true, false]) await measure(ours, stream, 16, 1_500);
  for (const target of [bare, theirs]) if (target !== undefined) await measure(target, false, 16, 1_500);

  console.log(
    `Time added to what the engine takes (${firstTokenDelayMs} ms); middle of ${rounds} rounds in turns:`,
  );
  for (const [clients, requests] of [
    [1, 150],
    [16, 1_500],
    [64, 3_000],
  ] as const) {
    const streamed: Latency[] = [];
    const whole: Latency[] = [];
    const direct: Latency[] = [];
    const through: Latency[] = [];
    let cpuSeconds = 0;
    let theirCpuSeconds = 0;
    for (let round = 0; round < rounds; round++) {
      const before = (await server.use()).cpuSeconds;
      streamed.push(toLatency((await measure(ours, true, clients, requests)).addedMs));
      cpuSeconds += (await server.use()).cpuSeconds - before;
      whole.push(toLatency((await measure(ours, false, clients, requests)).addedMs));
      direct.push(toLatency((await measure(bare, false, clients, requests)).addedMs));
      if (theirs === undefined || portkey === undefined) continue;
      const theirBefore = portkey.cpuSeconds();
      through.push(toLatency((await measure(theirs, false, clients, requests)).addedMs));
      theirCpuSeconds += portkey.cpuSeconds() - theirBefore;
    }
    const cpu = (seconds: number): string => `${ms((seconds / requests / rounds) * 1e3)} of CPU a request`;
    console.log(`  ${clients} clients`);
    console.log(`    gradus, first token streamed: ${show(streamed)}; ${cpu(cpuSeconds)}`);
    console.log(`    gradus, whole answer: ${show(whole)}`);
    console.log(`    bare HTTP server, whole answer: ${show(direct)}`);
    if (through.length === 0) continue;
    const beyond = (of: readonly Latency[]): number => middle(of, 'median') - middle(direct, 'median');
    console.log(
      `    @portkey-ai/gateway ${portkeyVersion} before it: ${show(through)}; ${cpu(theirCpuSeconds)}`,
    );
    console.log(
      `    beyond the bare server: gradus ${ms(beyond(whole))}, portkey ${ms(beyond(through))}; ratio of p99 ${(middle(through, 'p99') / middle(whole, 'p99')).toFixed(1)}`,
    );
  }
  console.log('  Targets: median <= 2 ms; p99 <= 8 ms at 16 clients.');
}

async function measureStreams(server: Child): Promise<void> {
  const aloneBefore = await server.use();
  const aloneStartMs = performance.now();
  await server.ask('alone');
  const aloneSeconds = (performance.now() - aloneStartMs) / 1000;
  const alone = ((await server.use()).cpuSeconds - aloneBefore.cpuSeconds) / aloneSeconds;
  console.log(`${pacedTokensPerSecond} tokens/s to ${pacedStreams} clients, ${rounds} rounds:`);
  for (let round = 0; round < rounds; round++) {
    const before = await server.use();
    const result = await load({
      target: { port: server.port },
      clients: pacedStreams,
      requests: pacedStreams,
      prompt: 'paced',
      stream: true,
    });
    const seconds = result.durationMs / 1000;
    const cpu = ((await server.use()).cpuSeconds - before.cpuSeconds) / seconds;
    const lag = toLatency(result.lagMs);
    console.log(
      `  ${Math.round((pacedStreams * pacedTokens) / seconds)} tokens/s in all; CPU of one core: ${percent(cpu)}, the engine without HTTP ${percent(alone)}: the server adds ${percent(cpu - alone)} (target: <= 20%)`,
    );
    console.log(
      `    delay of tokens: median ${ms(lag.median)}, p99 ${ms(lag.p99)}, worst ${ms(lag.max)} (target: <= 50 ms); the clients' own process stood still for ${ms(result.stallMs)} at worst`,
    );
  }
}

async function measureMemory(server: Child): Promise<void> {
  const requests = 20_000;
  const before = await server.use();
  for (const stream of [true, false]) {
    const samples: ProcessUse[] = [];
    const pending: Promise<void>[] = [];
    const startMs = performance.now();
    await load({
      target: { port: server.port },
      clients: 16,
      requests,
      prompt: 'quick',
      stream,
      onDone(count) {
        if (count % 100 !== 0) return;
        pending.push(
          server.use().then((use) => {
            samples.push(use);
          }),
        );
      },
    });
    await Promise.all(pending);
    const quarter = Math.floor(samples.length / 4);
    const meanFrom = (from: number): number =>
      samples.slice(from, from + quarter).reduce((sum, use) => sum + use.rssBytes, 0) / quarter;
    const second = meanFrom(quarter);
    const last = meanFrom(samples.length - quarter);
    const rate = requests / ((performance.now() - startMs) / 1000);
    console.log(
      `${requests} requests (${stream ? 'streamed' : 'whole'}), ${Math.round(rate)} a second: resident memory ${mb(before.rssBytes)} before, ${mb(second)} in the second quarter, ${mb(last)} in the last: ratio ${(last / second).toFixed(3)} (target: <= 1.05)`,
    );
  }
}

interface Latency {
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

function toLatency(values: readonly number[]): Latency {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return { median: at(0.5), p99: at(0.99), max: at(1) };
}

/** The middle round: one disturbed round does not decide. */
function middle(of: readonly Latency[], what: keyof Latency): number {
  return of.map((each) => each[what]).toSorted((a, b) => a - b)[Math.floor(of.length / 2)] ?? NaN;
}

function show(of: readonly Latency[]): string {
  const p99s = of.map((each) => each.p99.toFixed(1)).join(' ');
  return `median ${ms(middle(of, 'median'))}, p99 ${ms(middle(of, 'p99'))} (rounds: ${p99s})`;
}

function ms(value: number): string {
  return `${value.toFixed(2)} ms`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/**
 * What the server adds to an engine: the time to the first token at 1, 16 and 64 clients beside another
 * Node gateway, the cost of fast streams, and memory over many requests. Run: node bench/gateway.ts
 */
import { startChild, type Child, type ProcessUse } from './gateway/child.ts';
import { load, type Target } from './gateway/load.ts';
import { firstTokenDelayMs, pacedStreams, pacedTokens, pacedTokensPerSecond } from './gateway/plan.ts';
import { portkeyVersion, startPortkey } from './gateway/portkey.ts';

const parts = process.argv.slice(2);
const isWanted = (part: string): boolean => parts.length === 0 || parts.includes(part);

await using gradus = await startChild('./gradus-child.ts');
if (isWanted('first-token')) await measureFirstToken(gradus);
if (isWanted('streams')) await measureStreams(gradus);
if (isWanted('memory')) await measureMemory(gradus);

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
  const measure = (target: Target, stream: boolean, clients: number, requests: number) =>
    load({ target, clients, requests, prompt: 'delayed', stream });
  for (const stream of [true, false]) await measure(ours, stream, 16, 1_500);
  for (const target of [bare, theirs]) if (target !== undefined) await measure(target, false, 16, 1_500);
  console.log(`Time added to what the engine takes (${firstTokenDelayMs} ms):`);
  for (const [clients, requests] of [
    [1, 200],
    [16, 2_000],
    [64, 4_000],
  ] as const) {
    const before = (await server.use()).cpuSeconds;
    const streamed = summary((await measure(ours, true, clients, requests)).addedMs);
    const cpu = (await server.use()).cpuSeconds - before;
    console.log(
      `  ${clients} clients: first token streamed: median ${ms(streamed.median)} p99 ${ms(streamed.p99)}, ${((cpu / requests) * 1e3).toFixed(2)} CPU ms a request`,
    );
    const whole = summary((await measure(ours, false, clients, requests)).addedMs);
    const direct = summary((await measure(bare, false, clients, requests)).addedMs);
    console.log(
      `    whole answer: median ${ms(whole.median)} p99 ${ms(whole.p99)}; bare HTTP server median ${ms(direct.median)} p99 ${ms(direct.p99)}`,
    );
    if (theirs === undefined || portkey === undefined) continue;
    const theirBefore = portkey.cpuSeconds();
    const through = summary((await measure(theirs, false, clients, requests)).addedMs);
    const theirCpu = portkey.cpuSeconds() - theirBefore;
    const ourShare = whole.median - direct.median;
    const theirShare = through.median - direct.median;
    console.log(
      `    @portkey-ai/gateway ${portkeyVersion} before that server: median ${ms(through.median)} p99 ${ms(through.p99)}, ${((theirCpu / requests) * 1e3).toFixed(2)} CPU ms a request; beyond the bare server: gradus ${ms(ourShare)}, portkey ${ms(theirShare)}; p99 ratio ${(through.p99 / whole.p99).toFixed(1)}`,
    );
  }
  console.log(
    '  Targets: median <= 2 ms; p99 <= 8 ms at 16 clients. Streams of that gateway fail on this Node,',
  );
  console.log('  and it holds their first chunk back for 25 ms, so that whole answers are compared.');
}

async function measureStreams(server: Child): Promise<void> {
  const aloneBefore = await server.use();
  const aloneStartMs = performance.now();
  await server.ask('alone');
  const alone = (await server.use()).cpuSeconds - aloneBefore.cpuSeconds;
  const aloneSeconds = (performance.now() - aloneStartMs) / 1000;
  const before = await server.use();
  const result = await load({
    target: { port: server.port },
    clients: pacedStreams,
    requests: pacedStreams,
    prompt: 'paced',
    stream: true,
  });
  const cpu = (await server.use()).cpuSeconds - before.cpuSeconds;
  const seconds = result.durationMs / 1000;
  const lag = summary(result.worstLagMs);
  console.log(`${pacedTokensPerSecond} tokens/s to ${pacedStreams} clients:`);
  console.log(
    `  ${Math.round((pacedStreams * pacedTokens) / seconds)} tokens/s in all; CPU of one core: ${percent(cpu / seconds)} in all, ${percent(alone / aloneSeconds)} of it the engine's own without HTTP, so the server adds ${percent(cpu / seconds - alone / aloneSeconds)} (target: <= 20%)`,
  );
  console.log(
    `  longest delay of any token from the engine to its client: median client ${ms(lag.median)}, worst client ${ms(lag.max)} (target: <= 50 ms)`,
  );
}

async function measureMemory(server: Child): Promise<void> {
  const requests = 20_000;
  const samples: ProcessUse[] = [];
  const before = await server.use();
  const pending: Promise<void>[] = [];
  let startMs = performance.now();
  for (const stream of [true, false]) {
    // Twice the same, so that the second part shows whether the first one left something.
    startMs = performance.now();
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
    const mean = (from: number, of: (use: ProcessUse) => number): number =>
      samples.slice(from, from + quarter).reduce((sum, use) => sum + of(use), 0) / quarter;
    const second = mean(quarter, (use) => use.rssBytes);
    const last = mean(samples.length - quarter, (use) => use.rssBytes);
    const rate = requests / ((performance.now() - startMs) / 1000);
    console.log(
      `${requests} requests (${stream ? 'streamed' : 'whole'}), ${Math.round(rate)} a second: resident memory ${mb(before.rssBytes)} before, ${mb(second)} in the second quarter, ${mb(last)} in the last: ratio ${(last / second).toFixed(3)} (target: <= 1.05)`,
    );
    samples.length = 0;
  }
}

function summary(values: readonly number[]): { median: number; p99: number; max: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return { median: at(0.5), p99: at(0.99), max: at(1) };
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

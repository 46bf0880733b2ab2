/** The suite that every sandbox passes: what it promises to good programs, and what it does to bad ones. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { after, before, describe, it } from 'node:test';
import type { Sandbox, SandboxOutcome } from '../../src/tools/sandbox/sandbox.ts';
import { goodCases } from './good-programs.ts';
import { escapePrograms, greedyPrograms, lyingPrograms, type HostileProgram } from './hostile-programs.ts';

/** What a hostile program gets, and how late it may end: 100 ms, and no less than this process itself was late. */
const hostileLimits = { timeMs: 250, memoryBytes: 32 * 1024 * 1024, valueChars: 50_000, printedChars: 5_000 };
const latenessMs = 100;

export function describeSandboxContract(kind: string, open: () => Promise<Sandbox>): void {
  describe(`sandbox contract: ${kind}`, { timeout: 240_000 }, () => {
    let sandbox: Sandbox;
    before(async () => {
      sandbox = await open();
    });
    after(() => sandbox[Symbol.asyncDispose]());

    for (const [title, check] of Object.entries(goodCases)) it(title, () => check(sandbox));
    describe('hostile programs', () => describeHostility(() => sandbox));
  });
}

function describeHostility(sandbox: () => Sandbox): void {
  const secret = `secret-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const folder = mkdtempSync(join(tmpdir(), 'gradus-bait-'));
  const secretFile = join(folder, 'secret.txt');
  let server: Server;
  let visits = 0;
  let port = 0;

  before(async () => {
    writeFileSync(secretFile, secret);
    process.env['GRADUS_CANARY'] = secret;
    server = createServer((_, response) => {
      visits += 1;
      response.end(secret);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
  });
  after(async () => {
    delete process.env['GRADUS_CANARY'];
    rmSync(folder, { recursive: true, force: true });
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });

  let latest = { name: '', lateMs: 0 };
  const check = async (program: HostileProgram): Promise<void> => {
    const lag = monitorEventLoopDelay({ resolution: 1 });
    lag.enable();
    const outcome = await sandbox().run({
      language: 'javascript',
      source: program.source,
      limits: hostileLimits,
    });
    lag.disable();
    const lateMs = latenessMs + lag.max / 1e6;
    if (outcome.elapsedMs - hostileLimits.timeMs > latest.lateMs) {
      latest = { name: program.name, lateMs: outcome.elapsedMs - hostileLimits.timeMs };
    }
    assert.ok(
      outcome.elapsedMs <= hostileLimits.timeMs + lateMs,
      `ended after ${outcome.elapsedMs} ms, with the test itself ${lag.max / 1e6} ms late`,
    );
    assert.ok(!JSON.stringify(outcome).includes(secret), 'it found the secret');
    assertEnd(program, outcome);
    const next = await sandbox().run({ language: 'javascript', source: 'let a = [6, 7]; a[0] * a[1]' });
    assert.equal(next.kind === 'value' ? next.json : next.kind, '42', 'the next program runs right');
  };

  const count = escapePrograms({ secretFile, port: 1 }).length + greedyPrograms.length + lyingPrograms.length;
  it(`the corpus has 60 programs and more (${count})`, () => assert.ok(count >= 60));
  for (const [index, { name }] of escapePrograms({ secretFile, port: 1 }).entries()) {
    it(`no way out by ${name}`, async () => {
      const program = escapePrograms({ secretFile, port })[index];
      assert.ok(program !== undefined);
      await check(program);
    });
  }
  for (const program of greedyPrograms)
    it(`no more than its share for ${program.name}`, () => check(program));
  for (const program of lyingPrograms) it(`no lie about the value by ${program.name}`, () => check(program));

  it('after all of them nothing here has changed', (t) => {
    t.diagnostic(
      `${count} programs; the latest end was ${latest.lateMs.toFixed(0)} ms after its limit, by ${latest.name}`,
    );
    assert.equal(visits, 0);
    assert.equal(readFileSync(secretFile, 'utf8'), secret);
    assert.deepEqual(Object.keys(Object.prototype), []);
    assert.equal('polluted' in {}, false);
  });
}

function assertEnd(program: HostileProgram, outcome: SandboxOutcome): void {
  const told = JSON.stringify(outcome).slice(0, 300);
  assert.ok(program.ends.includes(outcome.kind), `ended as ${told}`);
  if (outcome.kind === 'value' && program.value !== undefined) assert.equal(outcome.json, program.value);
  assert.ok(outcome.printed.length <= hostileLimits.printedChars);
}

/** What a workflow may count on, on both stores: results, retries, timers, messages, children, cancel, resume, takeover. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { JsonValue } from '../../src/kernel/json.ts';
import { startDurable, type Durable, type Workflow } from '../../src/runtime/dbos/durable.ts';
import type { Store } from '../../src/store/store.ts';
import {
  createPgliteStoreMaker,
  createPostgresStoreMaker,
  type StoreMaker,
} from '../../src/testing/temporary-store.ts';

let lives = 0;
let flakyTries = 0;
let abortedAtMs = 0;

const workflows: Readonly<Record<string, Workflow>> = {
  async sum(scope, input) {
    let sum = 0;
    for (let i = 0; i < Number(input); i++) sum += await scope.step(`add ${i}`, () => Promise.resolve(i));
    return sum;
  },
  async parent(scope) {
    await scope.startChild('sum', `${scope.id}-child`, 4);
    return scope.resultOf(`${scope.id}-child`);
  },
  async flaky(scope) {
    const work = (): Promise<number> => {
      flakyTries += 1;
      return flakyTries < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve(flakyTries);
    };
    return scope.step('try', work, { attempts: 5, firstPauseMs: 10 });
  },
  async fail(scope) {
    return scope.step('break', () => Promise.reject(new Error('bad luck')));
  },
  listen: async (scope) => (await scope.receive('topic', 10_000)) ?? null,
  async nothingComes(scope) {
    return (await scope.receive('topic', 50)) ?? 'nothing';
  },
  async long(scope) {
    const life = await scope.step('first', () => Promise.resolve(++lives));
    await scope.step('wait', async () => {
      if (lives === life) await untilAborted(scope.signal);
      return null;
    });
    return `began in life ${life}`;
  },
  async parentOfLong(scope) {
    await scope.startChild('long', `${scope.id}-child`, null);
    return scope.resultOf(`${scope.id}-child`);
  },
  async sleeper(scope) {
    await scope.sleep(1500);
    return 'awake';
  },
};

async function untilAborted(signal: AbortSignal): Promise<void> {
  await wait(60_000, undefined, { signal }).catch(() => {
    abortedAtMs = performance.now();
    throw signal.reason;
  });
}

describeBehaviour('pglite', createPgliteStoreMaker);
describeBehaviour('postgres', createPostgresStoreMaker);

function describeBehaviour(kind: Store['kind'], createMaker: () => StoreMaker | Promise<StoreMaker>): void {
  describe(`durable workflows on ${kind}`, { timeout: 280_000 }, () => {
    let maker: StoreMaker;
    let store: Store;
    let durable: Durable;
    const start = (executorId: string, applicationVersion = '1'): Promise<Durable> =>
      startDurable({ pool: store.pool, applicationVersion, executorId, workflows });
    const run = async (name: string, id: string, input: JsonValue = null): Promise<JsonValue> => {
      await durable.start(name, id, input);
      return durable.result(id);
    };
    before(async () => {
      maker = await createMaker();
      store = await maker.open();
      durable = await start('first');
    });
    after(async () => {
      await durable[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await maker[Symbol.asyncDispose]();
    });

    it('a workflow gives its result, once for an id', async () => {
      assert.equal(await run('sum', 'sum', 10), 45);
      assert.equal(await run('sum', 'sum', 99), 45);
      assert.equal(await durable.state('sum'), 'succeeded');
      assert.equal(await durable.state('nobody'), undefined);
    });

    it('a child is waited for, a message arrives, and silence ends', async () => {
      assert.equal(await run('parent', 'parent'), 6);
      await durable.start('listen', 'listen', null);
      await durable.send('listen', 'topic', { x: [1] });
      assert.deepEqual(await durable.result('listen'), { x: [1] });
      assert.equal(await run('nothingComes', 'nothing'), 'nothing');
    });

    it('a step is tried again as often as it may be, and a failure is a failure', async () => {
      flakyTries = 0;
      assert.equal(await run('flaky', 'flaky'), 3);
      await assert.rejects(run('fail', 'fail'), /bad luck/);
      assert.equal(await durable.state('fail'), 'failed');
      await durable.resume('fail');
      assert.equal(await durable.state('fail'), 'failed');
    });

    it('cancel reaches running work and children within 200 ms, and may be called twice', async () => {
      await durable.start('parentOfLong', 'cancelled', null);
      while ((await durable.state('cancelled-child')) !== 'running') await wait(10);
      await wait(100);
      const askedAtMs = performance.now();
      await durable.cancel('cancelled');
      await durable.cancel('cancelled');
      await assert.rejects(durable.result('cancelled'), { code: 'cancelled' });
      await assert.rejects(durable.result('cancelled-child'), { code: 'cancelled' });
      assert.ok(abortedAtMs - askedAtMs < 200, `${abortedAtMs - askedAtMs} ms`);
      await durable.cancel('sum');
      assert.equal(await durable.state('sum'), 'succeeded');
    });

    it('a cancelled workflow goes on after its last stored step', async () => {
      await durable.start('long', 'resumed', null);
      while ((await durable.state('resumed')) !== 'running') await wait(10);
      await wait(100);
      const life = lives;
      await durable.cancel('resumed');
      await assert.rejects(durable.result('resumed'), { code: 'cancelled' });
      lives += 1;
      await durable.resume('resumed');
      assert.equal(await durable.result('resumed'), `began in life ${life}`);
    });

    it('what a stopped process left is taken up by another, not begun anew, and timers keep their moment', async () => {
      await durable.start('long', 'left', null);
      await durable.start('sleeper', 'sleeper', null);
      await wait(300);
      const life = lives;
      const stoppedAtMs = performance.now();
      await durable[Symbol.asyncDispose]();
      assert.ok(performance.now() - stoppedAtMs < 1000);
      lives += 1;
      durable = await start('second');
      assert.equal(await durable.state('left'), 'running');
      const taken = await durable.takeOver('first');
      assert.deepEqual([...taken].sort(), ['left', 'sleeper']);
      assert.deepEqual(await durable.takeOver('first'), []);
      assert.equal(await durable.result('left'), `began in life ${life}`);
      assert.equal(await durable.result('sleeper'), 'awake');
      assert.ok(performance.now() - stoppedAtMs < 4000);
    });

    it('a process of the same name takes up its own work by itself', async () => {
      await durable.start('long', 'own', null);
      await wait(200);
      await durable[Symbol.asyncDispose]();
      lives += 1;
      durable = await start('second');
      assert.match(JSON.stringify(await durable.result('own')), /began in life/);
    });

    it('the thousandth step costs what the tenth does', async (t) => {
      const startedMs = performance.now();
      await run('sum', 'short', 100);
      const shortMs = (performance.now() - startedMs) / 100;
      const againMs = performance.now();
      await run('sum', 'thousand', 1000);
      const longMs = (performance.now() - againMs) / 1000;
      t.diagnostic(
        `${shortMs.toFixed(2)} ms a step in a workflow of 100, ${longMs.toFixed(2)} ms in one of 1000`,
      );
      assert.ok(longMs < 1.5 * shortMs + 1);
    });
  });
}

/**
 * kill -9 in the middle of answers: each response that was started ends with the text of an uninterrupted
 * one, its events are numbered without gaps, and what was stored or shown stays as it was.
 * GRADUS_TEST_KILLS sets the number of kills.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { JsonObject } from '../../src/kernel/json.ts';
import { createSeededRandom, randomInteger, type RandomSource } from '../../src/kernel/random.ts';
import type { StoredResponse } from '../../src/runtime/response-runs.ts';
import { PostgresServer } from '../../src/testing/postgres-server.ts';
import { openTemporaryFolder } from '../../src/testing/temporary-folder.ts';
import { drillText } from './responses-script.ts';

const kills = Number(process.env['GRADUS_TEST_KILLS'] ?? 20);
/** Responses that are under way at once; each is killed several times before it ends. */
const width = 3;

describe('responses', { timeout: 60_000 + kills * 15_000 }, () => {
  it(`go on inside their message after each of ${kills} kills, when the engine can`, async () => {
    await using folder = openTemporaryFolder();
    await checkContinuing('pglite', join(folder.path, 'home'), kills);
  });

  it('do so on a Postgres server as well', async () => {
    await using server = await PostgresServer.start({ isDurable: true });
    await checkContinuing('postgres', await server.createDatabase(), Math.ceil(kills / 4));
  });

  it('begin their item anew and say so, when the engine cannot go on', async () => {
    await using folder = openTemporaryFolder();
    const drill = new Drill({ kind: 'pglite', place: join(folder.path, 'home'), mode: 'anew' });
    await drill.run(Math.ceil(kills / 10), createSeededRandom(62), { afterMs: 600 });
    let restarts = 0;
    for (const [id, response] of drill.ended) {
      assert.equal(textOf(response), drillText, id);
      let text = '';
      for (const { event } of drill.eventsOf(id)) {
        if (event['type'] === 'gradus.item_restarted') {
          restarts += 1;
          text = '';
        }
        text += (event['delta'] ?? '') as string;
      }
      assert.equal(text, drillText);
    }
    assert.ok(restarts > 0);
  });
});

async function checkContinuing(kind: DrillPlace['kind'], place: string, times: number): Promise<void> {
  const drill = new Drill({ kind, place, mode: 'continues' });
  await drill.run(times, createSeededRandom(61));
  for (const [id, response] of drill.ended) {
    assert.equal(textOf(response), drillText, id);
    assert.deepEqual(response.result?.usage, {
      inputTokens: 7,
      cachedTokens: 0,
      outputTokens: 61,
      reasoningTokens: 0,
    });
    const deltas = drill.eventsOf(id).map(({ event }) => (event['delta'] ?? '') as string);
    assert.equal(deltas.join(''), drillText);
  }
  assert.ok(drill.cutCount >= times / 4, `only ${drill.cutCount} kills were in the middle of a message`);
}

interface DrillPlace {
  readonly kind: 'pglite' | 'postgres';
  readonly place: string;
  readonly mode: 'continues' | 'anew';
}

interface Said {
  readonly sequence_number: number;
  readonly event: JsonObject;
}

class Drill {
  readonly #place: DrillPlace;
  readonly #seen = new Map<string, Said[]>();
  readonly ended = new Map<string, StoredResponse>();
  #count = 0;
  cutCount = 0;

  constructor(place: DrillPlace) {
    this.#place = place;
  }

  eventsOf(id: string): readonly Said[] {
    return this.#seen.get(id) ?? [];
  }

  async run(times: number, random: RandomSource, options: { afterMs?: number } = {}): Promise<void> {
    const open = (): string[] => [...this.#seen.keys()].filter((id) => !this.ended.has(id));
    for (let kill = 0; kill < times; kill++) {
      const known = open();
      const added = Array.from({ length: width - known.length }, () => `resp_d${this.#count++}`);
      await this.#live(added, known, options.afterMs ?? randomInteger(random, 900));
    }
    await this.#live([], open(), undefined);
    assert.deepEqual(open(), []);
    assert.ok(this.ended.size >= width);
  }

  /** One life of the process: killed so long after it began to work, or left to its end. */
  async #live(
    added: readonly string[],
    known: readonly string[],
    killAfterMs: number | undefined,
  ): Promise<void> {
    const file = new URL('responses-child.ts', import.meta.url).pathname;
    const { kind, place, mode } = this.#place;
    const args = [file, kind, place, mode, added.join(','), known.join(',')];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let complaints = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
    const ended = once(child, 'close');
    if (killAfterMs !== undefined) {
      while (!output.includes('"running"')) {
        if (child.exitCode !== null) assert.fail(`the child ended: ${complaints}`);
        await wait(5);
      }
      await wait(killAfterMs);
      child.kill('SIGKILL');
    }
    await ended;
    if (killAfterMs === undefined) assert.match(output, /"over":true/, complaints);
    this.#take(output);
  }

  #take(output: string): void {
    const lives = new Map<string, number>();
    for (const line of output.slice(0, output.lastIndexOf('\n') + 1).split('\n')) {
      if (line === '') continue;
      const said = JSON.parse(line) as {
        started?: string;
        loaded?: StoredResponse;
        id?: string;
      } & Said;
      if (said.started !== undefined) this.#seen.set(said.started, []);
      if (said.loaded !== undefined) this.#check(said.loaded);
      if (said.id === undefined) continue;
      const place = lives.get(said.id) ?? 0;
      lives.set(said.id, place + 1);
      assert.equal(said.sequence_number, place, `${said.id}: a gap`);
      const seen = this.#seen.get(said.id) ?? [];
      this.#seen.set(said.id, seen);
      const before = seen[place];
      // An engine that begins anew may have shown what was not stored yet; what was stored is in each later life.
      if (before !== undefined && this.#place.mode === 'continues')
        assert.deepEqual(said.event, before.event);
      seen[place] = { sequence_number: place, event: said.event };
    }
    for (const [id, count] of lives) if (count > 4 && !this.ended.has(id)) this.cutCount += 1;
  }

  #check(response: StoredResponse): void {
    assert.equal(response.status, 'completed');
    this.ended.set(response.id, response);
  }
}

function textOf(response: StoredResponse): string {
  return response.output
    .flatMap((item) => (item.type === 'message' ? item.content : []))
    .map((part) => ('text' in part ? part.text : ''))
    .join('');
}

/** The log's end in memory: numbers at once, batches beside the stream, one writer, and a database that stumbles. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GradusError } from '../kernel/errors.ts';
import type { AppendOutcome, EventTable, NewEvent, StoredEvent } from '../store/store.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import type { ResponseEvent } from './event-fold.ts';
import { readStoredEvent, ResponseLog, type ResponseLogOptions } from './response-log.ts';

type Fault = 'before' | 'after';

/** A table in memory whose appends can fail, before or after they were done. */
class SmallTable implements EventTable {
  readonly rows: StoredEvent[] = [];
  readonly batches: number[] = [];
  readonly faults: Fault[] = [];

  async append(
    _id: string,
    expected: number,
    events: readonly NewEvent[],
    nowMs: number,
  ): Promise<AppendOutcome> {
    const fault = this.faults.shift();
    const lost = new GradusError('database-unavailable', { message: 'away' });
    if (fault === 'before') throw lost;
    if (expected !== this.rows.length) return { kind: 'conflict', nextSequenceNumber: this.rows.length };
    for (const event of events) {
      this.rows.push({ ...event, sequenceNumber: this.rows.length, createdAtMs: nowMs });
    }
    this.batches.push(events.length);
    if (fault === 'after') throw lost;
    return { kind: 'appended', nextSequenceNumber: this.rows.length };
  }

  async read(_id: string, from: number, limit: number): Promise<readonly StoredEvent[]> {
    return this.rows.slice(from, from + limit);
  }

  async nextSequenceNumber(): Promise<number> {
    return this.rows.length;
  }
}

function word(text: string): ResponseEvent {
  return {
    type: 'response.reasoning.delta',
    item_id: 'rs_1',
    output_index: 0,
    content_index: 0,
    delta: text,
  };
}

const instant = { ...createFakeClock(), sleep: () => Promise.resolve() };

function open(
  table: SmallTable,
  more: Partial<ResponseLogOptions> = {},
): { log: ResponseLog; lost: string[] } {
  const lost: string[] = [];
  const log = new ResponseLog({
    id: 'resp_1',
    events: table,
    clock: instant,
    next: table.rows.length,
    onLost: (error) => lost.push(error.code),
    ...more,
  });
  return { log, lost };
}

const stored = (table: SmallTable): string =>
  table.rows
    .map((row) => {
      const { event } = readStoredEvent(row).numbered;
      return 'delta' in event ? event.delta : '';
    })
    .join('');

describe('the log of a running response', () => {
  test('shows an event in the tick it was emitted in, and stores a burst as one batch', async () => {
    const table = new SmallTable();
    const { log } = open(table);
    for (const text of 'abc') log.emit(word(text));
    assert.deepEqual(
      log.tail(1)?.map((event) => [event.sequence_number, event.event]),
      [
        [1, word('b')],
        [2, word('c')],
      ],
    );
    await log.flush();
    assert.deepEqual([stored(table), table.batches], ['abc', [3]]);
  });

  test('stores every event once when the database fails before or after it wrote', async () => {
    const table = new SmallTable();
    table.faults.push('before', 'after', 'after', 'before');
    const { log, lost } = open(table);
    for (const text of 'abcdef') {
      log.emit(word(text));
      await log.flush();
    }
    assert.deepEqual([stored(table), lost], ['abcdef', []]);
  });

  test('gives up, and says so, when somebody else writes', async () => {
    const table = new SmallTable();
    const { log, lost } = open(table);
    await table.append('resp_1', 0, [{ type: 'x', payload: { type: 'x' } }], 0);
    log.emit(word('a'));
    await assert.rejects(log.flush(), { code: 'conflict' });
    assert.deepEqual([lost, table.rows.length], [['conflict'], 1]);
  });

  test('stores what steps note with the events that follow from it', async () => {
    const table = new SmallTable();
    const { log } = open(table);
    log.note([0, 'first']);
    await log.flush();
    assert.equal(table.rows.length, 0);
    log.emit(word('a'));
    await log.flush();
    assert.deepEqual(
      table.rows.map((row) => readStoredEvent(row)),
      [{ numbered: { sequence_number: 0, event: word('a') }, journal: [[0, 'first']] }],
    );
  });

  test('adds nothing once it is sealed', async () => {
    const table = new SmallTable();
    const { log } = open(table);
    log.emit(word('a'));
    log.seal();
    log.emit(word('b'));
    await log.flush();
    assert.deepEqual([stored(table), log.next], ['a', 1]);
  });

  test('keeps a bounded part in memory; a reader further behind is sent to the stored log', async () => {
    const table = new SmallTable();
    const { log } = open(table);
    for (let i = 0; i < 5000; i++) {
      log.emit(word('x'));
      if (i % 500 === 0) await log.flush();
    }
    await log.flush();
    log.emit(word('y'));
    assert.equal(log.tail(10), undefined);
    assert.equal(log.tail(log.next - 1)?.length, 1);
    assert.equal(log.tail(log.next)?.length, 0);
    await log.flush();
    assert.equal(table.rows.length, 5001);
  });

  test('waits with writing until the row of the response is stored', async () => {
    const table = new SmallTable();
    const row = Promise.withResolvers<void>();
    const { log } = open(table, { ready: row.promise });
    log.emit(word('a'));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(table.rows.length, 0);
    row.resolve();
    await log.flush();
    assert.equal(stored(table), 'a');
  });
});

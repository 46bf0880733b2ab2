/**
 * Many sessions over one backend. PGlite is a single Postgres backend, but a pool hands out many clients;
 * each gets a session here that looks like a socket. A session's turn begins with its first message and
 * lasts until the backend says that no transaction is open, so that statements never interleave.
 */
import { Duplex } from 'node:stream';
import { callbackify } from 'node:util';
import { GradusError } from '../../kernel/errors.ts';
import type { WireEngine } from './engine.ts';
import {
  notificationChannel,
  prefixStatementName,
  queryMessage,
  splitFrames,
  sqlText,
  startupLengthBytes,
  transactionStatus,
  welcome,
  type Frame,
} from './wire.ts';

export interface SwitchboardOptions {
  /** A transaction without a statement for this long is rolled back and its session closed; it blocks all others. */
  readonly idleTransactionTimeoutMs: number;
}

export class Switchboard {
  readonly #engine: WireEngine;
  readonly #options: SwitchboardOptions;
  readonly #queue: (() => void)[] = [];
  readonly #sessions = new Set<Session>();
  #isTaken = false;
  #lastSession = 0;

  constructor(engine: WireEngine, options: SwitchboardOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  /** A new session, shaped as the socket that `pg` expects as its `stream` option. */
  openSession(): Duplex {
    const session = new Session(this, `s${++this.#lastSession}_`, this.#options.idleTransactionTimeoutMs);
    this.#sessions.add(session);
    session.once('close', () => this.#sessions.delete(session));
    return session;
  }

  /** Resolves when it is the caller's turn; first come, first served. */
  async takeTurn(): Promise<void> {
    if (this.#isTaken) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#isTaken = true;
  }

  endTurn(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#isTaken = false;
    else next();
  }

  /** Sends a batch in the caller's turn. Notifications in the answer go to the sessions that listen. */
  async send(batch: readonly Frame[]): Promise<Frame[]> {
    const answer = await this.#engine.exchange(Buffer.concat(batch.map((frame) => frame.bytes)));
    const own: Frame[] = [];
    for (const frame of splitFrames(answer).frames) {
      if (frame.type !== 'A') own.push(frame);
      else for (const session of this.#sessions) session.notify(frame);
    }
    return own;
  }

  /** Whether a session other than `session` listens on `channel`. */
  isHeardByOthers(session: Session, channel: string): boolean {
    return [...this.#sessions].some((other) => other !== session && other.channels.has(channel));
  }
}

class Session extends Duplex {
  readonly channels: Set<string> = new Set();
  readonly #board: Switchboard;
  readonly #prefix: string;
  readonly #idleTransactionTimeoutMs: number;
  readonly #statements = new Set<string>();
  #isStarted = false;
  #unread: Buffer = Buffer.alloc(0);
  #batch: Frame[] = [];
  #hasTurn = false;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(board: Switchboard, prefix: string, idleTransactionTimeoutMs: number) {
    super({ emitClose: true, autoDestroy: true });
    this.#board = board;
    this.#prefix = prefix;
    this.#idleTransactionTimeoutMs = idleTransactionTimeoutMs;
  }

  /** What `pg` calls on its socket. */
  connect(): this {
    process.nextTick(() => this.emit('connect'));
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  notify(notification: Frame): void {
    if (this.channels.has(notificationChannel(notification))) this.push(notification.bytes);
  }

  override _read(): void {
    // Answers are pushed as they come: the client asked for them and waits.
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    callbackify(() => this.#consume())(done);
  }

  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#idleTimer);
    // A farewell that fails finds no database any more, and that tells everybody itself.
    callbackify(() => this.#leave())(() => done(error));
  }

  async #consume(): Promise<void> {
    if (!this.#isStarted) {
      const length = startupLengthBytes(this.#unread);
      if (length === undefined) return;
      this.#unread = this.#unread.subarray(length);
      this.#isStarted = true;
      this.push(welcome);
    }
    const { frames, rest } = splitFrames(this.#unread);
    this.#unread = rest;
    for (const frame of frames) {
      if (frame.type === 'X') {
        this.push(null);
        return;
      }
      this.#batch.push(this.#own(frame));
      if (frame.type === 'Q' || frame.type === 'S' || frame.type === 'H') await this.#flush();
    }
  }

  /** Gives names of statements their prefix, and notes what has to be undone when the session ends. */
  #own(frame: Frame): Frame {
    const listening = /^\s*(un)?listen\s+(?:"([^"]+)"|(\w+))\s*;?\s*$/i.exec(sqlText(frame));
    if (listening !== null) {
      const channel = listening[2] ?? listening[3]?.toLowerCase() ?? '';
      if (listening[1] === undefined) this.channels.add(channel);
      else this.channels.delete(channel);
    }
    const named = prefixStatementName(frame, this.#prefix);
    if (frame.type === 'P' && named.name !== '') this.#statements.add(named.name);
    return named.frame;
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#idleTimer);
    if (!this.#hasTurn) await this.#board.takeTurn();
    this.#hasTurn = true;
    const batch = this.#batch;
    this.#batch = [];
    try {
      const answer = await this.#board.send(batch);
      this.push(Buffer.concat(answer.map((frame) => frame.bytes)));
      const ready = answer.findLast((frame) => frame.type === 'Z');
      if (ready !== undefined && transactionStatus(ready) === 'idle') this.#endTurn();
      else if (this.destroyed) await this.#leave();
      else this.#watchIdleTransaction();
    } catch (error) {
      this.#endTurn();
      throw error;
    }
  }

  #watchIdleTransaction(): void {
    this.#idleTimer = setTimeout(() => {
      const message = `A transaction without a statement for ${this.#idleTransactionTimeoutMs} ms was rolled back.`;
      this.destroy(new GradusError('database-unavailable', { message }));
    }, this.#idleTransactionTimeoutMs).unref();
  }

  #endTurn(): void {
    this.#hasTurn = false;
    this.#board.endTurn();
  }

  /** Leaves no transaction, statement or channel behind in the shared backend. */
  async #leave(): Promise<void> {
    const farewell = [...this.#statements].map((name) => `DEALLOCATE "${name}"`);
    for (const channel of this.channels) {
      if (!this.#board.isHeardByOthers(this, channel)) farewell.push(`UNLISTEN "${channel}"`);
    }
    this.channels.clear();
    if (!this.#hasTurn && farewell.length === 0) return;
    if (!this.#hasTurn) await this.#board.takeTurn();
    try {
      for (const sql of ['ROLLBACK', ...farewell]) {
        await this.#board.send([{ type: 'Q', bytes: queryMessage(sql) }]);
      }
    } finally {
      this.#endTurn();
    }
  }
}

/**
 * One process at a time may open the database's folder. The lock is the kernel's own (flock): it ends with
 * the process however it ends, so a lock can never be stale and a reused process id cannot be mistaken for
 * the holder. The file's text only says who holds it, for the message. Linux and macOS.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import koffi from 'koffi';
import { z } from 'zod';
import { GradusError } from '../../kernel/errors.ts';

export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** When the holder took the lock, in ISO 8601. */
  readonly since: string;
}

/**
 * Takes the lock in `file`, which is made when missing. Throws 'home-in-use' with the holder's process id,
 * host and start when somebody else has it, another part of this process included.
 */
export function lockFolder(file: string, holder: LockHolder): Disposable {
  const descriptor = openSync(file, 'a+', 0o600);
  const flock = koffi.load(null).func('int flock(int fd, int operation)');
  if (flock(descriptor, LOCK_EX | LOCK_NB) !== 0) {
    closeSync(descriptor);
    throw inUse(file);
  }
  ftruncateSync(descriptor);
  writeSync(descriptor, `${JSON.stringify(holder)}\n`);
  let isHeld = true;
  return {
    [Symbol.dispose]() {
      // A second close could hit another file that has the number by then.
      if (isHeld) closeSync(descriptor);
      isHeld = false;
    },
  };
}

const LOCK_EX = 2;
const LOCK_NB = 4;

const holderSchema = z.object({ pid: z.number(), host: z.string(), since: z.string() });

function inUse(file: string): GradusError {
  const holder = readHolder(file);
  const who =
    holder === undefined
      ? 'another process'
      : `process ${holder.pid} on ${holder.host}, since ${holder.since}`;
  return new GradusError('home-in-use', {
    message: `The database is in use by ${who} (lock file ${file}).`,
    ...(holder === undefined ? {} : { data: { ...holder } }),
  });
}

/** Absent in the blink between taking the lock and writing the name. */
function readHolder(file: string): LockHolder | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}

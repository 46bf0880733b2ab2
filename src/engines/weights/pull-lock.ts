/**
 * One process at a time works on a model. The lock is a folder whose time is kept fresh; that of a process
 * which was killed goes stale after some seconds and is taken over.
 */
import { lock } from 'proper-lockfile';
import type { Clock } from '../../kernel/clock.ts';
import { isErrorCode } from './disk.ts';

export interface PullLock extends AsyncDisposable {
  /** Aborted when another process took the lock over, as after a long sleep of the machine. */
  readonly lost: AbortSignal;
}

/** Waits for the lock; `onWait` is called at every look at a lock that somebody else holds. */
export async function acquirePullLock(options: {
  readonly path: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly pollMs: number;
  readonly staleLockMs: number;
  readonly onWait: () => Promise<void>;
}): Promise<PullLock> {
  const { path, clock, signal } = options;
  const loss = new AbortController();
  for (;;) {
    signal.throwIfAborted();
    try {
      const release = await lock(path, {
        lockfilePath: path,
        realpath: false,
        stale: options.staleLockMs,
        update: options.staleLockMs / 4,
        onCompromised: (cause) => loss.abort(new Error('The lock on the model was lost.', { cause })),
      });
      return {
        lost: loss.signal,
        async [Symbol.asyncDispose]() {
          if (!loss.signal.aborted) await release();
        },
      };
    } catch (error) {
      if (!isErrorCode(error, 'ELOCKED')) throw error;
    }
    await options.onWait();
    await clock.sleep(options.pollMs, signal);
  }
}

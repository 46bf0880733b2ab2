/** Fails a test that leaves something behind: a timer, socket, server, child process, worker or temporary folder. */
import type { TestContext } from 'node:test';
import { listTemporaryFolders } from './temporary-folder.ts';

type TestBody = (t: TestContext) => void | Promise<void>;

export interface LeftoverOptions {
  /** How long closing may take after the body has ended (default: 500). */
  readonly graceMs?: number;
}

/**
 * Wraps the body of a test: `test('…', leavesNothing(async (t) => { … }))`.
 * What was there before the body does not count. What the body opened must be gone within the grace.
 */
export function leavesNothing(
  body: TestBody,
  options: LeftoverOptions = {},
): (t: TestContext) => Promise<void> {
  return async (t) => {
    const before = takeStock();
    await body(t);
    const leftovers = await waitUntilGone(before, options.graceMs ?? 500);
    if (leftovers.length > 0) throw new Error(`the test left behind: ${leftovers.join(', ')}`);
  };
}

/** Kinds of resources that Node names itself but that belong to no test: reads under way and the standard streams. */
const harmless = new Set(['TTYWrap', 'Immediate', 'FSReqCallback', 'FSReqPromise', 'CloseReq']);

function takeStock(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const things = [
    ...process.getActiveResourcesInfo().filter((kind) => !harmless.has(kind)),
    ...listTemporaryFolders().map((name) => `folder ${name}`),
  ];
  for (const thing of things) counts.set(thing, (counts.get(thing) ?? 0) + 1);
  return counts;
}

/** Sockets and processes close a little after their `close` returns, so this looks again until the grace is over. */
async function waitUntilGone(
  before: ReadonlyMap<string, number>,
  graceMs: number,
): Promise<readonly string[]> {
  const deadlineMs = performance.now() + graceMs;
  for (;;) {
    // An immediate, not a timer: a timer of ours would be in the stock.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    const leftovers = [...takeStock()]
      .filter(([thing, count]) => count > (before.get(thing) ?? 0))
      .map(([thing, count]) => `${count - (before.get(thing) ?? 0)} × ${thing}`);
    if (leftovers.length === 0 || performance.now() > deadlineMs) return leftovers;
  }
}

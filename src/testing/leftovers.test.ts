/** Plants each kind of leftover and sees it caught; a tidy test passes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { leavesNothing } from './leftovers.ts';
import { openTemporaryFolder } from './temporary-folder.ts';

describe('leftover detector', () => {
  const planted: Readonly<
    Record<string, () => Promise<{ readonly names: RegExp; readonly clear: () => unknown }>>
  > = {
    'a timer': async () => {
      const timer = setTimeout(() => {}, 60_000);
      return { names: /1 × Timeout/, clear: () => clearTimeout(timer) };
    },
    'a child process': async () => {
      const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore' });
      await once(child, 'spawn');
      return { names: /1 × ProcessWrap/, clear: () => child.kill() };
    },
    'a temporary folder': async () => {
      const folder = openTemporaryFolder();
      return { names: /folder gradus-test-/, clear: () => folder[Symbol.asyncDispose]() };
    },
  };

  for (const [name, plant] of Object.entries(planted)) {
    test(`catches ${name} that a test leaves behind`, async (t) => {
      let clear: () => unknown = () => undefined;
      let names = /never/;
      const body = leavesNothing(
        async () => {
          ({ names, clear } = await plant());
        },
        { graceMs: 20 },
      );
      try {
        await assert.rejects(body(t), (error: Error) => names.test(error.message));
      } finally {
        await clear();
      }
    });
  }

  test('lets a tidy test pass, and does not count what was there before', async (t: TestContext) => {
    const timer = setTimeout(() => {}, 60_000);
    try {
      await leavesNothing(async () => {
        await using folder = openTemporaryFolder();
        assert.match(folder.path, /gradus-test-/);
      })(t);
    } finally {
      clearTimeout(timer);
    }
  });

  test('passes on the error of the body itself', async (t) => {
    const error = new Error('the body failed');
    await assert.rejects(
      leavesNothing(() => {
        throw error;
      })(t),
      error,
    );
  });
});

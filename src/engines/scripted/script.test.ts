/** Scripts from JSON: what is wrong is named by its path. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { GradusError } from '../../kernel/errors.ts';
import { openTemporaryFolder } from '../../testing/temporary-folder.ts';
import { loadScriptFile, parseScript } from './script.ts';

test('a whole script is taken as it is', () => {
  const script = {
    rules: [
      {
        match: {
          lastUser: { regex: '^hi', flags: 'i' },
          conversation: 'a',
          system: 'b',
          toolResult: 'c',
          model: 'd',
          json: { task: 'x' },
          hasTools: true,
        },
        reply: {
          text: 'Hello',
          thought: 'greet',
          toolCalls: [{ name: 'f', arguments: { x: 1 } }],
          delayMsBeforeFirst: 5,
          tokensPerSecond: 100,
          finish: 'stop',
          fail: { code: 'rate-limited', retryAfterMs: 10, afterTokens: 3 },
          chunkSize: 2,
          logprobs: [-0.5],
          cachedTokens: 3,
          unchecked: true,
        },
        times: 2,
      },
      { reply: [{ text: 'a' }, { text: 'b' }] },
    ],
  };
  assert.deepEqual(parseScript(script), script);
});

test('what is wrong is named by its path', () => {
  const faults: readonly [unknown, string][] = [
    [[], ''],
    [{ rules: {} }, 'rules'],
    [{ rules: [{}] }, 'rules[0].reply'],
    [{ rules: [{ reply: { txt: 'x' } }] }, 'rules[0].reply.txt'],
    [{ rules: [{ reply: { tokensPerSecond: 0 } }] }, 'rules[0].reply.tokensPerSecond'],
    [{ rules: [{ reply: { fail: { code: 'nonsense' } } }] }, 'rules[0].reply.fail.code'],
    [{ rules: [{ match: { lastUser: { regex: '(' } }, reply: {} }] }, 'rules[0].match.lastUser.regex'],
    [{ rules: [{ match: { when: 'x' }, reply: {} }] }, 'rules[0].match.when'],
  ];
  for (const [script, path] of faults) {
    assert.throws(
      () => parseScript(script),
      (error) => {
        assert.ok(error instanceof GradusError);
        assert.deepEqual([error.code, error.details.param ?? ''], ['invalid-config', path], error.message);
        return true;
      },
    );
  }
});

test('a file is loaded, and one that is missing or no JSON is named', async () => {
  await using folder = openTemporaryFolder();
  const good = join(folder.path, 'good.json');
  const bad = join(folder.path, 'bad.json');
  await writeFile(good, '{"rules":[{"reply":{"text":"x"}}]}');
  await writeFile(bad, '{"rules":');
  assert.deepEqual(await loadScriptFile(good), { rules: [{ reply: { text: 'x' } }] });
  for (const path of [bad, join(folder.path, 'none.json')]) {
    await assert.rejects(
      loadScriptFile(path),
      (error) =>
        error instanceof GradusError && error.code === 'invalid-config' && error.message.includes(path),
    );
  }
});

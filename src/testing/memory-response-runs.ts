/** Responses as runs that live in this process only: the contract of ResponseRuns without a database. */
import type { Clock } from '../kernel/clock.ts';
import { GradusError, toGradusError } from '../kernel/errors.ts';
import type { OutputItem } from '../kernel/item.ts';
import type { Registry } from '../levels/level.ts';
import type {
  LifecycleEvent,
  NumberedEvent,
  Page,
  PageRequest,
  ResponseRuns,
  ResponseStart,
  StoredResponse,
} from '../runtime/response-runs.ts';
import type { Run } from '../runtime/run.ts';

interface Entry {
  stored: StoredResponse;
  readonly start: ResponseStart;
  readonly run: Run;
  readonly events: NumberedEvent[];
  readonly ended: Promise<void>;
  wake: (() => void)[];
}

export function createMemoryResponseRuns(options: {
  readonly registry: Registry;
  readonly clock: Clock;
}): ResponseRuns {
  const { registry, clock } = options;
  const entries = new Map<string, Entry>();

  const find = (id: string): Entry => {
    const entry = entries.get(id);
    if (entry === undefined) throw new GradusError('not-found', { message: `no response "${id}"` });
    return entry;
  };

  const open = (start: ResponseStart): Entry => {
    const resolution = registry.resolve(start.served);
    if (resolution.kind === 'unknown') throw new GradusError('model-not-found', { message: start.served });
    const run = registry.start(resolution.served, start.request);
    const output: OutputItem[] = [];
    const add = (event: NumberedEvent['event']): void => {
      entry.events.push({ sequence_number: entry.events.length, event });
      const { wake } = entry;
      entry.wake = [];
      for (const each of wake) each();
    };
    const work = async (): Promise<void> => {
      let last: Extract<LifecycleEvent, { type: 'response.completed' }>;
      try {
        const result = await run.result;
        const [reason] = result.finishReasons;
        const status =
          reason === 'cancelled'
            ? 'cancelled'
            : reason === 'length' || reason === 'content_filter'
              ? 'incomplete'
              : 'completed';
        last = { type: `response.${status}`, result } as typeof last;
        entry.stored = { ...entry.stored, status, result };
      } catch (thrown) {
        const { code, message } = toGradusError(thrown);
        const status = code === 'cancelled' ? 'cancelled' : 'failed';
        last = { type: `response.${status}`, error: { code, message } } as typeof last;
        entry.stored = { ...entry.stored, status, error: { code, message } };
      }
      entry.stored = { ...entry.stored, output: [...output], completedAtMs: clock.nowMs() };
      add(last);
    };
    const entry: Entry = {
      start,
      run,
      events: [],
      wake: [],
      ended: Promise.resolve().then(work),
      stored: {
        ...start,
        status: start.background ? 'queued' : 'in_progress',
        createdAtMs: clock.nowMs(),
        output: [],
      },
    };
    add({ type: 'response.created' });
    if (start.background) add({ type: 'response.queued' });
    add({ type: 'response.in_progress' });
    run.subscribe((event) => {
      if (event.type === 'response.output_item.done') output.push(event.item);
      entry.stored = { ...entry.stored, status: 'in_progress', output: [...output] };
      add(event);
    });
    return entry;
  };

  return {
    async start(start) {
      const key = start.idempotencyKey;
      const known = [...entries.values()].find(
        (each) => key !== undefined && each.start.idempotencyKey === key,
      );
      if (known !== undefined) return known.stored;
      const entry = open(start);
      entries.set(start.id, entry);
      return entry.stored;
    },
    load: async (id) => entries.get(id)?.stored,
    async *events(id, startingAfter, signal) {
      const entry = find(id);
      let next = startingAfter + 1;
      while (!signal.aborted) {
        const event = entry.events[next];
        if (event !== undefined) {
          next++;
          yield event;
          continue;
        }
        if (entry.stored.completedAtMs !== undefined) return;
        await new Promise<void>((resolve) => {
          entry.wake.push(resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    },
    async cancel(id) {
      const entry = entries.get(id);
      entry?.run.cancel();
      await entry?.ended;
      return entry?.stored;
    },
    async delete(id) {
      const entry = entries.get(id);
      entry?.run.cancel();
      await entry?.ended;
      return entries.delete(id);
    },
    async inputItems(id, page) {
      const { input } = find(id).start.request;
      return toPage(input.kind === 'items' ? input.items : [], page);
    },
    list: async (_filter, page) =>
      toPage(
        [...entries.values()].map((entry) => entry.stored),
        page,
      ),
    async [Symbol.asyncDispose]() {
      for (const entry of entries.values()) {
        entry.run.cancel();
        await entry.ended;
      }
    },
  };
}

function toPage<T extends { readonly id: string }>(all: readonly T[], page: PageRequest): Page<T> {
  const ordered = page.order === 'asc' ? [...all] : all.toReversed();
  const from = page.after === undefined ? 0 : ordered.findIndex((each) => each.id === page.after) + 1;
  if (page.after !== undefined && from === 0) {
    throw new GradusError('not-found', { message: `after: nothing has the id "${page.after}"` });
  }
  const to =
    page.before === undefined ? ordered.length : ordered.findIndex((each) => each.id === page.before);
  const data = ordered.slice(from, to);
  return { data: data.slice(0, page.limit), hasMore: data.length > page.limit };
}

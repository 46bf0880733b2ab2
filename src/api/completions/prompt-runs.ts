/** Several requests of one body as one: their runs a few at a time, their events with one count of choices. */
import type { LevelEvent, LevelResult } from '../../kernel/event.ts';
import type { ResponseRequest } from '../../kernel/request.ts';
import { addUsage, noUsage } from '../../kernel/usage.ts';
import type { Run } from '../../runtime/run.ts';

/** One body must not fill the engine's whole queue. */
const atOnce = 4;

export interface PromptRuns {
  /** All runs as one result: usage added up, finish reasons in the order of prompts and choices. */
  readonly result: Promise<LevelResult>;
  cancel(): void;
}

/** The first failure cancels the other runs and is what `result` rejects with. */
export function startPromptRuns(
  requests: readonly ResponseRequest[],
  ports: {
    readonly start: (request: ResponseRequest) => Run;
    readonly onEvent: (promptIndex: number, event: LevelEvent) => void;
  },
): PromptRuns {
  const results: LevelResult[] = [];
  const running = new Set<Run>();
  const state = { next: 0, isCancelled: false };
  const cancel = (): void => {
    state.isCancelled = true;
    for (const run of running) run.cancel();
  };
  const work = async (): Promise<void> => {
    for (let index = state.next++; index < requests.length && !state.isCancelled; index = state.next++) {
      const request = requests[index];
      if (request === undefined) return;
      const run = ports.start(request);
      running.add(run);
      run.subscribe((event) => ports.onEvent(index, event));
      try {
        results[index] = await run.result;
      } catch (cause) {
        cancel();
        throw cause;
      } finally {
        running.delete(run);
      }
    }
  };
  const all = async (): Promise<LevelResult> => {
    await Promise.all(Array.from({ length: Math.min(atOnce, requests.length) }, work));
    return requests
      .map((request, index) => results[index] ?? cancelledResult(request))
      .reduce(
        (sum, result): LevelResult => ({
          ...result,
          usage: addUsage(sum.usage, result.usage),
          finishReasons: [...sum.finishReasons, ...result.finishReasons],
        }),
        { usage: noUsage, finishReasons: [] },
      );
  };
  const result = all();
  // As with a single run: a client that went away leaves a rejection that nobody reads.
  result.catch(() => undefined);
  return { result, cancel };
}

function cancelledResult(request: ResponseRequest): LevelResult {
  return {
    usage: noUsage,
    finishReasons: Array.from({ length: request.choices }, () => 'cancelled' as const),
  };
}

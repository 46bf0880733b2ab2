/**
 * The scripted engine with its own times written into its tokens, so that a client can tell how much of
 * what it waited for was the engine's and how much was added on the way.
 */
import type { Engine, GenerationEvent } from '../../src/engines/engine.ts';
import { sharedNowMs } from './child.ts';

/**
 * The first delta of an answer becomes `+MS `: how long the engine took to it. Each later one becomes
 * `@MS `: the shared time at which it left the engine.
 */
export function stampTokens(engine: Engine): Engine {
  return {
    name: engine.name,
    models: () => engine.models(),
    load: (model, signal) => engine.load(model, signal),
    unload: (model) => engine.unload(model),
    embed: (request, signal) => engine.embed(request, signal),
    countTokens: (model, prompt, tools) => engine.countTokens(model, prompt, tools),
    loads: () => engine.loads(),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
    async *generate(request, signal): AsyncGenerator<GenerationEvent> {
      const startedMs = sharedNowMs();
      let isFirst = true;
      for await (const event of engine.generate(request, signal)) {
        if (event.kind !== 'text-delta') yield event;
        else {
          const nowMs = sharedNowMs();
          yield { ...event, text: isFirst ? `+${(nowMs - startedMs).toFixed(3)} ` : `@${nowMs.toFixed(3)} ` };
          isFirst = false;
        }
      }
    },
  };
}

/** Decides how a generation that a crash has cut goes on: from its last stored word where the engine can, else anew. */
import type { GenerateRequest, GenerationEvent, ModelDescription, Prompt } from '../../engines/engine.ts';

type Started = Extract<GenerationEvent, { readonly kind: 'started' }>;

export type Continuation =
  | { readonly kind: 'anew'; readonly replayed: readonly []; readonly request: GenerateRequest }
  | {
      readonly kind: 'goes-on';
      /** What the level is to see again, for it runs from its beginning. */
      readonly replayed: readonly GenerationEvent[];
      readonly request: GenerateRequest;
      readonly started: Started;
      /** How many tokens the earlier lives sampled. */
      readonly sampledTokens: number;
    }
  /** All was sampled; at most the last words about it are missing, and are added. */
  | { readonly kind: 'over'; readonly replayed: readonly GenerationEvent[] };

export function toContinuation(
  request: GenerateRequest,
  earlier: readonly GenerationEvent[],
  model: ModelDescription,
): Continuation {
  const started = earlier.find((event) => event.kind === 'started');
  const canContinue = model.capabilities.continues && canGoOn(request);
  const asked = canContinue ? { ...request, wantTokenIds: true } : request;
  if (started === undefined) return { kind: 'anew', replayed: [], request: asked };
  const ended = earlier.filter((event) => event.kind === 'sample-finished');
  if (earlier.some((event) => event.kind === 'finished')) return { kind: 'over', replayed: earlier };
  if (ended.length === request.samples) {
    return { kind: 'over', replayed: [...earlier, toFinished(started, ended)] };
  }
  // The same chance as before the crash, wherever it goes on.
  const seeded =
    started.seed === undefined ? asked : { ...asked, sampling: { ...asked.sampling, seed: started.seed } };
  const deltas = earlier.flatMap((event) => (event.kind === 'text-delta' ? [event] : []));
  if (!canContinue || deltas.length + 1 !== earlier.length) {
    return { kind: 'anew', replayed: [], request: seeded };
  }
  const text = deltas.map((delta) => delta.text).join('');
  const tokens = deltas.flatMap((delta) => delta.tokenIds ?? []);
  const hasTokens = deltas.every((delta) => delta.tokenIds !== undefined);
  const sampledTokens = hasTokens ? tokens.length : deltas.length;
  const { maxTokens } = request;
  if (maxTokens !== undefined && sampledTokens >= maxTokens) {
    const end = {
      kind: 'sample-finished',
      sample: 0,
      reason: 'length',
      sampledTokens,
      thoughtTokens: 0,
    } as const;
    return { kind: 'over', replayed: [...earlier, end, toFinished(started, [end])] };
  }
  return {
    kind: 'goes-on',
    replayed: earlier,
    started,
    sampledTokens,
    request: {
      ...seeded,
      prompt: goOnFrom(request.prompt, text, hasTokens && tokens.length > 0 ? tokens : undefined),
      ...(maxTokens === undefined ? {} : { maxTokens: maxTokens - sampledTokens }),
    },
  };
}

/** One sample of free text: an answer in a format is bound to a state of the grammar that text alone does not give. */
function canGoOn(request: GenerateRequest): boolean {
  return (
    request.samples === 1 &&
    request.prompt.kind === 'chat' &&
    request.textFormat.kind === 'text' &&
    request.grammar === undefined &&
    request.toolChoice.kind !== 'required' &&
    request.toolChoice.kind !== 'named'
  );
}

function goOnFrom(prompt: Prompt, text: string, tokens: readonly number[] | undefined): Prompt {
  if (prompt.kind !== 'chat') throw new Error('only the answer of a chat can be gone on with');
  if (text === '') return prompt;
  const before = prompt.answerStart;
  const all =
    before === undefined
      ? tokens
      : before.tokens !== undefined && tokens !== undefined
        ? [...before.tokens, ...tokens]
        : undefined;
  return {
    ...prompt,
    answerStart: { text: (before?.text ?? '') + text, ...(all === undefined ? {} : { tokens: all }) },
  };
}

function toFinished(
  started: Started,
  ended: readonly { readonly sampledTokens: number; readonly thoughtTokens: number }[],
): GenerationEvent {
  return {
    kind: 'finished',
    usage: {
      inputTokens: started.promptTokens,
      cachedTokens: started.cachedTokens,
      outputTokens: ended.reduce((sum, { sampledTokens }) => sum + sampledTokens, 0),
      reasoningTokens: ended.reduce((sum, { thoughtTokens }) => sum + thoughtTokens, 0),
    },
  };
}

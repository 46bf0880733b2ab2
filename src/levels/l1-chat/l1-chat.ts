/** L1, the chatbot: one prompt, one pass through the engine, its tokens as they come. */
import type { GenerateRequest, GenerationEvent } from '../../engines/engine.ts';
import { GradusError } from '../../kernel/errors.ts';
import type { LevelResult } from '../../kernel/event.ts';
import type { FinishReason, Item } from '../../kernel/item.ts';
import type { ResponseRequest } from '../../kernel/request.ts';
import { noUsage, type Usage } from '../../kernel/usage.ts';
import type { Level, LevelContext } from '../level.ts';
import { toPrompt } from './prompt.ts';
import { SampleWriter } from './sample-writer.ts';

export const chatLevel: Level = {
  number: 1,
  suffix: '',
  summary: 'Answers directly, in one pass through the model.',
  run: runChat,
};

/** What an engine is asked for a request, one sample per choice. */
function toGenerateRequest(request: ResponseRequest): GenerateRequest {
  return {
    model: request.model,
    prompt: toPrompt(request.input),
    samples: request.choices,
    ...(request.maxOutputTokens === undefined ? {} : { maxTokens: request.maxOutputTokens }),
    sampling: request.sampling,
    stop: request.stop,
    tools: request.tools,
    toolChoice: request.toolChoice,
    parallelToolCalls: request.parallelToolCalls,
    textFormat: request.textFormat,
    ...(request.topLogprobs === undefined ? {} : { topLogprobs: request.topLogprobs }),
  };
}

async function runChat(request: ResponseRequest, context: LevelContext): Promise<LevelResult> {
  refuseWhatCannotBeHonoured(request, context);
  let outputCount = 0;
  let usage: Usage = noUsage;
  let seed: number | undefined;
  const finishReasons: FinishReason[] = Array.from({ length: request.choices }, () => 'cancelled');
  const writers = finishReasons.map(
    (_, choice) =>
      new SampleWriter({
        choice,
        ids: context.ids,
        emit: (event) => context.emit(event),
        nextOutputIndex: () => outputCount++,
      }),
  );
  const writerOf = (sample: number): SampleWriter => {
    const writer = writers[sample];
    if (writer === undefined) throw new Error(`the engine gave sample ${sample} of ${request.choices}`);
    return writer;
  };
  const onEvent = (event: GenerationEvent): void => {
    switch (event.kind) {
      case 'started':
        seed = event.seed;
        break;
      case 'text-delta':
        writerOf(event.sample).addText(event.text, event.logprobs);
        break;
      case 'thought-delta':
        writerOf(event.sample).addThought(event.text);
        break;
      case 'tool-call-started':
        writerOf(event.sample).startCall(event.index, event.name);
        break;
      case 'tool-call-delta':
        writerOf(event.sample).addArguments(event.index, event.text);
        break;
      case 'sample-finished':
        writerOf(event.sample).finish(event.reason);
        finishReasons[event.sample] = event.reason;
        break;
      case 'finished':
        usage = event.usage;
        break;
    }
  };
  await context.generate(toGenerateRequest(request), onEvent);
  return { usage, finishReasons, ...(seed === undefined ? {} : { seed }) };
}

function refuseWhatCannotBeHonoured(request: ResponseRequest, context: LevelContext): void {
  const { effort, options } = request.reasoning;
  const model = context.model;
  if (effort !== undefined && (effort !== 'none' || model.capabilities.thinks)) {
    throw new GradusError('unsupported-parameter', {
      message: model.capabilities.thinks
        ? `reasoning_effort: ${model.id} thinks as it was trained to at this level, so an effort cannot be set`
        : 'reasoning_effort: this level answers directly and takes "none" only; GET /v1/models lists levels that think',
      param: 'reasoning_effort',
    });
  }
  const [option] = Object.keys(options ?? {});
  if (option !== undefined) {
    throw new GradusError('unsupported-parameter', {
      message: `gradus.${option}: this level has no options`,
      param: `gradus.${option}`,
    });
  }
  if (!model.capabilities.images && request.input.kind === 'items' && hasImage(request.input.items)) {
    throw new GradusError('unsupported-parameter', {
      message: `image_url: the model ${model.id} reads text only`,
      param: 'image_url',
    });
  }
}

function hasImage(items: readonly Item[]): boolean {
  return items.some(
    (item) => item.type === 'message' && item.content.some((part) => part.type === 'input_image'),
  );
}

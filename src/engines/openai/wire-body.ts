/** From a request to the body that an endpoint is sent. What the endpoint cannot honour is refused by name. */
import { GradusError } from '../../kernel/errors.ts';
import type { JsonObject, JsonValue } from '../../kernel/json.ts';
import type { FunctionTool } from '../../kernel/request.ts';
import type { ChatMessage, GenerateRequest, Prompt } from '../engine.ts';
import type { EndpointCapabilities, EndpointConfig } from './endpoint-config.ts';
import { demandsCall, toForcedSchema } from './forced-call.ts';
import type { KnownModel } from './endpoint-models.ts';

export interface WireRequest {
  readonly path: '/chat/completions' | '/completions';
  readonly body: JsonObject;
}

/** OpenAI takes no more; the others are watched for by the reader of the answer. */
export const maxStopTexts = 4;

export interface WireOptions {
  readonly request: GenerateRequest;
  readonly config: EndpointConfig;
  readonly model: KnownModel;
  /** How many choices this body asks for. */
  readonly choices: number;
  /** Added to the seed, so that samples that are asked for one by one differ. */
  readonly seedOffset: number;
}

export function toWireRequest(options: WireOptions): WireRequest {
  const { request, config, model, choices } = options;
  const { capabilities } = model;
  const { prompt } = request;
  const body: Record<string, JsonValue | undefined> = {
    model: model.upstream,
    ...toPromptFields(prompt, capabilities),
    stream: true,
    stream_options: { include_usage: true },
    ...(choices > 1 ? { n: choices } : {}),
    ...(request.maxTokens === undefined ? {} : { [config.maxTokensField]: request.maxTokens }),
    ...toSamplingFields(options),
    ...(request.stop.length === 0 ? {} : { stop: request.stop.slice(0, maxStopTexts) }),
    ...(request.topLogprobs === undefined
      ? {}
      : toLogprobFields(request.topLogprobs, { prompt, capabilities })),
    ...(capabilities.tokenIds ? { return_token_ids: true } : {}),
    ...toToolFields(request, capabilities),
    ...toFormatFields(request, capabilities),
  };
  for (const extra of [config.extraBody, model.extraBody]) {
    for (const [key, value] of Object.entries(extra)) body[key] = value === null ? undefined : value;
  }
  return { path: prompt.kind === 'chat' ? '/chat/completions' : '/completions', body };
}

function refuse(param: string, need: string): GradusError {
  return new GradusError('unsupported-parameter', {
    message: `This endpoint does not take ${param}: its capability "${need}" is off in gradus.json.`,
    param,
  });
}

function toPromptFields(prompt: Prompt, capabilities: EndpointCapabilities): JsonObject {
  if (prompt.kind !== 'chat') {
    if (!capabilities.rawPrompts) throw refuse('prompt', 'rawPrompts');
    return { prompt: prompt.kind === 'text' ? prompt.text : prompt.tokens };
  }
  const messages = prompt.messages.map((message) => toWireMessage(message, capabilities));
  if (prompt.answerStart === undefined || prompt.answerStart.text === '') return { messages };
  if (capabilities.continues === false) throw refuse('answer_start', 'continues');
  return {
    messages: [...messages, { role: 'assistant', content: prompt.answerStart.text }],
    ...(capabilities.continues === 'vllm'
      ? { continue_final_message: true, add_generation_prompt: false }
      : {}),
  };
}

function toWireMessage(message: ChatMessage, capabilities: EndpointCapabilities): JsonObject {
  switch (message.role) {
    case 'system':
    case 'user': {
      const hasImage = message.parts.some((part) => part.type === 'image');
      if (hasImage && !capabilities.images) throw refuse('image_url', 'images');
      // Plain text where it suffices: not every endpoint takes parts.
      if (!hasImage) {
        return {
          role: message.role,
          content: message.parts.map((part) => (part.type === 'text' ? part.text : '')).join(''),
        };
      }
      return {
        role: message.role,
        content: message.parts.map((part) =>
          part.type === 'text'
            ? { type: 'text', text: part.text }
            : { type: 'image_url', image_url: { url: part.url, detail: part.detail } },
        ),
      };
    }
    case 'assistant':
      return {
        role: 'assistant',
        content: message.text === '' && message.toolCalls.length > 0 ? null : message.text,
        ...(capabilities.earlierThought && message.thought !== undefined
          ? { reasoning_content: message.thought }
          : {}),
        ...(message.toolCalls.length === 0
          ? {}
          : {
              tool_calls: message.toolCalls.map((call) => ({
                id: call.id,
                type: 'function',
                function: { name: call.name, arguments: call.arguments },
              })),
            }),
      };
    case 'tool':
      return { role: 'tool', tool_call_id: message.toolCallId, content: message.text };
  }
}

function toSamplingFields({ request, model, seedOffset }: WireOptions): JsonObject {
  const { capabilities } = model;
  const { temperature, topP, topK, minP, frequencyPenalty, presencePenalty, logitBias, seed } =
    request.sampling;
  if (topK !== undefined && !capabilities.topKAndMinP) throw refuse('top_k', 'topKAndMinP');
  if (minP !== undefined && !capabilities.topKAndMinP) throw refuse('min_p', 'topKAndMinP');
  return {
    temperature,
    ...(topP === 1 ? {} : { top_p: topP }),
    ...(topK === undefined ? {} : { top_k: topK }),
    ...(minP === undefined ? {} : { min_p: minP }),
    ...(frequencyPenalty === 0 ? {} : { frequency_penalty: frequencyPenalty }),
    ...(presencePenalty === 0 ? {} : { presence_penalty: presencePenalty }),
    ...(logitBias.size === 0 ? {} : { logit_bias: Object.fromEntries(logitBias) }),
    ...(seed === undefined ? {} : { seed: seed + seedOffset }),
  };
}

function toLogprobFields(
  topLogprobs: number,
  { prompt, capabilities }: { prompt: Prompt; capabilities: EndpointCapabilities },
): JsonObject {
  if (!capabilities.logprobs) throw refuse('logprobs', 'logprobs');
  // llama-server gives none at all for 0; the reader takes out what was not asked for.
  const count = Math.max(1, topLogprobs);
  return prompt.kind === 'chat' ? { logprobs: true, top_logprobs: count } : { logprobs: count };
}

function toToolFields(request: GenerateRequest, { forcedCalls }: EndpointCapabilities): JsonObject {
  const { tools, toolChoice, parallelToolCalls } = request;
  if (tools.length === 0) return {};
  if (forcedCalls === 'schema' && demandsCall(request)) {
    return { tools: tools.map(toWireTool), tool_choice: 'none' };
  }
  return {
    tools: tools.map(toWireTool),
    tool_choice:
      toolChoice.kind === 'named'
        ? { type: 'function', function: { name: toolChoice.name } }
        : toolChoice.kind,
    ...(parallelToolCalls ? {} : { parallel_tool_calls: false }),
  };
}

function toWireTool(tool: FunctionTool): JsonObject {
  return {
    type: 'function',
    function: {
      name: tool.name,
      ...(tool.description === undefined ? {} : { description: tool.description }),
      parameters: tool.parameters,
      ...(tool.strict ? { strict: true } : {}),
    },
  };
}

function toFormatFields(request: GenerateRequest, capabilities: EndpointCapabilities): JsonObject {
  const { textFormat, grammar } = request;
  if (capabilities.forcedCalls === 'schema' && demandsCall(request)) {
    const schema = toForcedSchema(request);
    return {
      response_format: { type: 'json_schema', json_schema: { name: 'tool_call', schema, strict: true } },
    };
  }
  if (grammar !== undefined && !capabilities.grammar) throw refuse('grammar', 'grammar');
  const grammarFields = grammar === undefined ? {} : { grammar };
  switch (textFormat.kind) {
    case 'text':
      return grammarFields;
    case 'json-object':
      return { ...grammarFields, response_format: { type: 'json_object' } };
    case 'json-schema': {
      const { name, schema, strict } = textFormat;
      return {
        ...grammarFields,
        response_format: { type: 'json_schema', json_schema: { name, schema, strict } },
      };
    }
  }
}

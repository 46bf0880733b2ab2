/** From the parsed body of a chat completion to the request that every level takes. */
import type { JsonObject } from '../../kernel/json.ts';
import type { FunctionTool, ResponseRequest, TextFormat, ToolChoice } from '../../kernel/request.ts';
import { invalidField } from '../invalid-field.ts';
import { toSampling, toStop } from '../sampling-request.ts';
import type { ChatCompletionBody } from '../wire/chat-completion.ts';
import type { FunctionToolBody, ResponseFormatBody, ToolsBody } from '../wire/tool.ts';
import { toItems } from './chat-items.ts';

/** Throws `invalid-request` for fields that contradict each other, naming the one to change. */
export function toChatRequest(body: ChatCompletionBody): ResponseRequest {
  const given = toTools(body.tools ?? []);
  const { tools, toolChoice } = toToolChoice(given, body.tool_choice);
  const maxOutputTokens = body.max_completion_tokens ?? body.max_tokens;
  const topLogprobs = toTopLogprobs(body);
  const hasBothLimits = typeof body.max_completion_tokens === 'number' && typeof body.max_tokens === 'number';
  if (hasBothLimits && body.max_completion_tokens !== body.max_tokens) {
    throw invalidField('max_tokens', 'differs from max_completion_tokens; give one of them');
  }
  return {
    model: body.model,
    input: { kind: 'items', items: toItems(body.messages) },
    tools,
    toolChoice,
    parallelToolCalls: body.parallel_tool_calls ?? true,
    textFormat: toTextFormat(body.response_format),
    sampling: toSampling(body),
    stop: toStop(body.stop),
    ...(typeof maxOutputTokens === 'number' ? { maxOutputTokens } : {}),
    choices: body.n ?? 1,
    ...(topLogprobs === undefined ? {} : { topLogprobs }),
    reasoning: {
      ...(body.reasoning_effort == null ? {} : { effort: body.reasoning_effort }),
      ...(body.gradus == null ? {} : { options: body.gradus }),
    },
    truncation: 'disabled',
    metadata: {},
  };
}

function toTopLogprobs(body: ChatCompletionBody): number | undefined {
  if (body.logprobs === true) return body.top_logprobs ?? 0;
  if (typeof body.top_logprobs === 'number') {
    throw invalidField('top_logprobs', 'is only allowed with logprobs: true');
  }
  return undefined;
}

function toTools(tools: NonNullable<ToolsBody['tools']>): readonly FunctionTool[] {
  const names = new Set<string>();
  return tools.map((tool, index) => {
    if (tool.type === 'custom') throw new Error('the schema refuses custom tools');
    const { name, description, strict } = tool.function;
    if (names.has(name)) throw invalidField(`tools[${index}].function.name`, `"${name}" is used twice`);
    names.add(name);
    return {
      name,
      ...(typeof description === 'string' ? { description } : {}),
      parameters: toParameters(tool, index),
      strict: strict ?? false,
    };
  });
}

function toParameters(tool: FunctionToolBody, index: number): JsonObject {
  const parameters = tool.function.parameters ?? {};
  if (parameters['type'] === undefined) return { properties: {}, ...parameters, type: 'object' };
  if (parameters['type'] !== 'object') {
    throw invalidField(`tools[${index}].function.parameters.type`, 'expected "object"');
  }
  return parameters;
}

function toToolChoice(
  tools: readonly FunctionTool[],
  choice: ToolsBody['tool_choice'],
): { readonly tools: readonly FunctionTool[]; readonly toolChoice: ToolChoice } {
  const requireTool = (name: string, param: string): void => {
    if (!tools.some((tool) => tool.name === name)) throw invalidField(param, `no tool is named "${name}"`);
  };
  if (choice == null) return { tools, toolChoice: { kind: tools.length > 0 ? 'auto' : 'none' } };
  if (choice === 'none') return { tools, toolChoice: { kind: 'none' } };
  if (choice === 'auto' || choice === 'required') {
    if (tools.length === 0) throw invalidField('tool_choice', 'is only allowed with tools');
    return { tools, toolChoice: { kind: choice } };
  }
  switch (choice.type) {
    case 'function':
      requireTool(choice.function.name, 'tool_choice.function.name');
      return { tools, toolChoice: { kind: 'named', name: choice.function.name } };
    case 'allowed_tools': {
      const { mode, tools: allowed } = choice.allowed_tools;
      allowed.forEach((each, index) => {
        requireTool(each.function.name, `tool_choice.allowed_tools.tools[${index}].function.name`);
      });
      const names = new Set(allowed.map((each) => each.function.name));
      return { tools: tools.filter((tool) => names.has(tool.name)), toolChoice: { kind: mode } };
    }
    case 'custom':
      throw new Error('the schema refuses custom tools');
  }
}

function toTextFormat(format: ResponseFormatBody | null | undefined): TextFormat {
  switch (format?.type) {
    case undefined:
    case 'text':
      return { kind: 'text' };
    case 'json_object':
      return { kind: 'json-object' };
    case 'json_schema': {
      const { name, description, schema, strict } = format.json_schema;
      return {
        kind: 'json-schema',
        name,
        // The description travels in the schema, where engines that show the schema to the model show it too.
        schema: typeof description === 'string' ? { description, ...schema } : schema,
        strict: strict ?? false,
      };
    }
  }
}

/**
 * From the parsed body of a Responses request to the request that every level takes, and to its envelope:
 * what every response object repeats of the request.
 */
import type { IdSource } from '../../kernel/ids.ts';
import type { Item } from '../../kernel/item.ts';
import type { JsonObject, JsonValue } from '../../kernel/json.ts';
import type { FunctionTool, ResponseRequest, TextFormat, ToolChoice } from '../../kernel/request.ts';
import { invalidField } from '../invalid-field.ts';
import { toSampling, toStop } from '../sampling-request.ts';
import type { ResponseInputBody, ResponseRequestBody } from '../wire/response-request.ts';
import type { ResponseFormatBody, ResponseToolBody, ResponseToolsBody } from '../wire/response-tool.ts';
import { requireMatchedCalls, toInputItems } from './response-items.ts';

/** Throws `invalid-request` for fields that contradict each other, naming the one to change. */
export function toResponseRequest(
  body: ResponseRequestBody,
  context: { readonly history: readonly Item[]; readonly ids: IdSource },
): ResponseRequest {
  const topLogprobs = toTopLogprobs(body);
  return {
    ...toInputRequest(body, context),
    sampling: toSampling(body),
    stop: toStop(body.stop),
    ...(typeof body.max_output_tokens === 'number' ? { maxOutputTokens: body.max_output_tokens } : {}),
    ...(topLogprobs === undefined ? {} : { topLogprobs }),
    reasoning: {
      ...(body.reasoning?.effort == null ? {} : { effort: body.reasoning.effort }),
      ...(body.gradus == null ? {} : { options: body.gradus }),
    },
    metadata: body.metadata ?? {},
  };
}

/** The same for a body that is only counted: nothing is sampled, so nothing says how. */
export function toInputRequest(
  body: ResponseInputBody,
  context: { readonly history: readonly Item[]; readonly ids: IdSource },
): ResponseRequest {
  const given = toInputItems(body.input ?? [], context.ids);
  const items = [...context.history, ...given];
  if (items.length === 0) {
    throw invalidField('input', 'expected a text or at least one item, unless previous_response_id is given');
  }
  requireMatchedCalls(items, given.length);
  const { tools, toolChoice } = toToolChoice(toTools(body.tools ?? []), body.tool_choice);
  return {
    model: body.model,
    input: {
      kind: 'items',
      items,
      ...(typeof body.instructions === 'string' ? { instructions: body.instructions } : {}),
    },
    tools,
    toolChoice,
    parallelToolCalls: body.parallel_tool_calls ?? true,
    textFormat: toTextFormat(body.text?.format),
    sampling: toSampling({}),
    stop: [],
    choices: 1,
    reasoning: {},
    truncation: body.truncation ?? 'disabled',
    metadata: {},
  };
}

/** The fields of a response object that are settled when the request is accepted; numbers where absent means a default. */
export function toEnvelope(
  body: ResponseRequestBody,
  options: { readonly model: string; readonly store: boolean; readonly owner?: string | undefined },
): JsonObject {
  return {
    // Who may read it; the only key that no answer shows.
    ...(options.owner === undefined ? {} : { owner: options.owner }),
    model: options.model,
    instructions: body.instructions ?? null,
    previous_response_id: body.previous_response_id ?? null,
    tools: (body.tools ?? []).map(toWireTool),
    tool_choice: toWireChoice(body),
    text: { format: toWireFormat(body.text?.format) },
    truncation: body.truncation ?? 'disabled',
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    temperature: body.temperature ?? 1,
    top_p: body.top_p ?? 1,
    presence_penalty: body.presence_penalty ?? 0,
    frequency_penalty: body.frequency_penalty ?? 0,
    top_logprobs: body.top_logprobs ?? 0,
    reasoning: { effort: body.reasoning?.effort ?? null, summary: null },
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: body.max_tool_calls ?? null,
    store: options.store,
    background: body.background ?? false,
    service_tier: 'default',
    metadata: body.metadata ?? {},
    safety_identifier: body.safety_identifier ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    ...(typeof body.user === 'string' ? { user: body.user } : {}),
  };
}

function toTopLogprobs(body: ResponseRequestBody): number | undefined {
  const isIncluded = body.include?.includes('message.output_text.logprobs') === true;
  const count = body.top_logprobs ?? 0;
  return isIncluded || count > 0 ? count : undefined;
}

function toTools(tools: NonNullable<ResponseToolsBody['tools']>): readonly FunctionTool[] {
  const names = new Set<string>();
  return tools.map((tool, index) => {
    if (tool.type !== 'function') throw new Error(`the schema refuses tools of type ${tool.type}`);
    const { name, description, strict } = tool;
    if (names.has(name)) throw invalidField(`tools[${index}].name`, `"${name}" is used twice`);
    names.add(name);
    return {
      name,
      ...(typeof description === 'string' ? { description } : {}),
      parameters: toParameters(tool, index),
      strict: strict ?? false,
    };
  });
}

function toParameters(tool: ResponseToolBody, index: number): JsonObject {
  const parameters = tool.parameters ?? {};
  if (parameters['type'] === undefined) return { properties: {}, ...parameters, type: 'object' };
  if (parameters['type'] !== 'object') {
    throw invalidField(`tools[${index}].parameters.type`, 'expected "object"');
  }
  return parameters;
}

function toToolChoice(
  tools: readonly FunctionTool[],
  choice: ResponseToolsBody['tool_choice'],
): { readonly tools: readonly FunctionTool[]; readonly toolChoice: ToolChoice } {
  const requireTool = (name: string, param: string): void => {
    if (!tools.some((tool) => tool.name === name)) throw invalidField(param, `no tool is named "${name}"`);
  };
  if (choice == null) return { tools, toolChoice: { kind: tools.length > 0 ? 'auto' : 'none' } };
  if (choice === 'none') return { tools, toolChoice: { kind: 'none' } };
  if (choice === 'auto') return { tools, toolChoice: { kind: tools.length > 0 ? 'auto' : 'none' } };
  if (choice === 'required') {
    if (tools.length === 0) throw invalidField('tool_choice', 'is only allowed with tools');
    return { tools, toolChoice: { kind: choice } };
  }
  switch (choice.type) {
    case 'function':
      requireTool(choice.name, 'tool_choice.name');
      return { tools, toolChoice: { kind: 'named', name: choice.name } };
    case 'allowed_tools': {
      choice.tools.forEach((each, index) => requireTool(each.name, `tool_choice.tools[${index}].name`));
      const names = new Set(choice.tools.map((each) => each.name));
      return { tools: tools.filter((tool) => names.has(tool.name)), toolChoice: { kind: choice.mode } };
    }
    default:
      throw new Error(`the schema refuses a choice of type ${choice.type}`);
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
      const { name, description, schema, strict } = format;
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

function toWireTool(tool: NonNullable<ResponseToolsBody['tools']>[number]): JsonObject {
  if (tool.type !== 'function') throw new Error(`the schema refuses tools of type ${tool.type}`);
  return {
    type: 'function',
    name: tool.name,
    description: tool.description ?? null,
    parameters: tool.parameters ?? null,
    strict: tool.strict ?? null,
  };
}

function toWireChoice(body: ResponseToolsBody): JsonValue {
  const choice = body.tool_choice;
  if (choice == null || typeof choice === 'string') return choice ?? 'auto';
  switch (choice.type) {
    case 'function':
      return { type: 'function', name: choice.name };
    case 'allowed_tools':
      return {
        type: 'allowed_tools',
        mode: choice.mode,
        tools: choice.tools.map((tool) => ({ type: 'function', name: tool.name })),
      };
    default:
      throw new Error(`the schema refuses a choice of type ${choice.type}`);
  }
}

function toWireFormat(format: ResponseFormatBody | null | undefined): JsonObject {
  if (format?.type !== 'json_schema') return { type: format?.type ?? 'text' };
  return {
    type: 'json_schema',
    name: format.name,
    description: format.description ?? null,
    schema: format.schema,
    strict: format.strict ?? false,
  };
}

/**
 * Forced tool calls at endpoints that do not force them: llama-server, for one, takes `required` and a named
 * tool and answers with text all the same. Such an endpoint is asked for JSON of a schema instead, which
 * it does keep, and the JSON is read back as a call.
 */
import { z } from 'zod';
import { GradusError } from '../../kernel/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts';
import type { FunctionTool } from '../../kernel/request.ts';
import type { GenerateRequest } from '../engine.ts';

/** Whether the request demands a call. */
export function demandsCall({ tools, toolChoice }: GenerateRequest): boolean {
  return tools.length > 0 && (toolChoice.kind === 'required' || toolChoice.kind === 'named');
}

/** The schema of one call of a tool that the request demands: its name and its arguments. */
export function toForcedSchema({ tools, toolChoice }: GenerateRequest): JsonObject {
  const offered = toolChoice.kind === 'named' ? tools.filter((tool) => tool.name === toolChoice.name) : tools;
  const [only, ...others] = offered;
  if (only === undefined) {
    throw new GradusError('invalid-request', {
      message: 'tool_choice names a tool that is not offered.',
      param: 'tool_choice',
    });
  }
  if (others.length === 0) return toCallSchema(only, '#/properties/arguments');
  return { anyOf: offered.map((tool, i) => toCallSchema(tool, `#/anyOf/${i}/properties/arguments`)) };
}

/** Reads such JSON back. Throws `engine-failed` when it is not a call. */
export function parseForcedCall(text: string): { readonly name: string; readonly arguments: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const call = callSchema.safeParse(json);
  if (call.success) return { name: call.data.name, arguments: JSON.stringify(call.data.arguments) };
  throw new GradusError('engine-failed', {
    message: 'The endpoint was asked for a tool call as JSON of a schema, and did not keep the schema.',
  });
}

const callSchema = z.object({ name: z.string().min(1), arguments: z.record(z.string(), z.unknown()) });

function toCallSchema({ name, parameters }: FunctionTool, path: string): JsonObject {
  return {
    type: 'object',
    properties: { name: { const: name }, arguments: moveReferences(parameters, path) },
    required: ['name', 'arguments'],
    additionalProperties: false,
  };
}

/** The parameters' own references start at their root, which now lies deeper. */
function moveReferences(value: JsonValue, path: string): JsonValue {
  if (Array.isArray(value)) return value.map((entry: JsonValue) => moveReferences(entry, path));
  if (!isJsonObject(value)) return value;
  const moved: Record<string, JsonValue> = {};
  for (const [key, entry] of Object.entries(value)) {
    if (entry === undefined) continue;
    moved[key] =
      key === '$ref' && typeof entry === 'string' && entry.startsWith('#')
        ? path + entry.slice(1)
        : moveReferences(entry, path);
  }
  return moved;
}

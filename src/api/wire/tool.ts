/** Tools, tool choice and response formats of a chat completion request. */
import { z } from 'zod';
import type { JsonObject } from '../../kernel/json.ts';
import { unsupported } from '../../kernel/schema.ts';
import { jsonObject, list, optional, type FieldsOf } from './parameter.ts';

const functionName = z
  .string()
  .regex(/^[a-zA-Z0-9_-]{1,64}$/, 'expected 1 to 64 characters of a-z, A-Z, 0-9, _ and -');

/** Same bound as OpenAI: more tools do not fit into a prompt that a model still reads well. */
const maxTools = 128;

const functionTool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: functionName,
    description: optional(z.string(), 'What the function does; the model reads it.'),
    parameters: optional(jsonObject, 'JSON Schema of the arguments, of type object. Absent: no arguments.'),
    strict: optional(z.boolean(), 'Arguments always follow the schema, with or without it.'),
  }),
});

const customTool = z
  .looseObject({ type: z.literal('custom') })
  .refine(() => false, { path: ['type'], message: 'custom tools are not supported', params: unsupported });

const namedFunction = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({ name: functionName }),
});

export interface FunctionToolBody {
  readonly type: 'function';
  readonly function: {
    readonly name: string;
    readonly description?: string | null | undefined;
    readonly parameters?: JsonObject | null | undefined;
    readonly strict?: boolean | null | undefined;
  };
}

interface NamedFunctionBody {
  readonly type: 'function';
  readonly function: { readonly name: string };
}

/** Known so that it can be refused by name; it never passes. */
interface CustomBody {
  readonly type: 'custom';
}

export type ToolChoiceBody =
  | 'none'
  | 'auto'
  | 'required'
  | NamedFunctionBody
  | {
      readonly type: 'allowed_tools';
      readonly allowed_tools: {
        readonly mode: 'auto' | 'required';
        readonly tools: readonly NamedFunctionBody[];
      };
    }
  | CustomBody;

export type ResponseFormatBody =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | {
      readonly type: 'json_schema';
      readonly json_schema: {
        readonly name: string;
        readonly description?: string | null | undefined;
        readonly schema: JsonObject;
        readonly strict?: boolean | null | undefined;
      };
    };

export interface ToolsBody {
  readonly tools?: readonly (FunctionToolBody | CustomBody)[] | null | undefined;
  readonly tool_choice?: ToolChoiceBody | null | undefined;
  readonly parallel_tool_calls?: boolean | null | undefined;
  readonly response_format?: ResponseFormatBody | null | undefined;
}

export const toolFields: FieldsOf<ToolsBody> = {
  tools: optional(
    list(
      z.discriminatedUnion('type', [functionTool, customTool], {
        error: 'expected a tool of type function',
      }),
      { min: 0, max: maxTools },
    ),
    `At most ${maxTools} functions that the model may call.`,
  ),
  tool_choice: optional(
    z.union(
      [
        z.enum(['none', 'auto', 'required']),
        z.discriminatedUnion('type', [
          namedFunction,
          z.strictObject({
            type: z.literal('allowed_tools'),
            allowed_tools: z.strictObject({
              mode: z.enum(['auto', 'required']),
              tools: list(namedFunction, { min: 1, max: maxTools }),
            }),
          }),
          customTool,
        ]),
      ],
      { error: 'expected "none", "auto", "required", a function to call, or allowed_tools' },
    ),
    'Whether the model may, must not or must call a function. Default: auto with tools, none without.',
  ),
  parallel_tool_calls: optional(z.boolean(), 'Whether one answer may hold several calls. Default true.'),
  response_format: optional(
    z.discriminatedUnion(
      'type',
      [
        z.strictObject({ type: z.literal('text') }),
        z.strictObject({ type: z.literal('json_object') }),
        z.strictObject({
          type: z.literal('json_schema'),
          json_schema: z.strictObject({
            name: functionName,
            description: optional(z.string(), 'What the format is for.'),
            schema: jsonObject,
            strict: optional(z.boolean(), 'The answer always follows the schema, with or without it.'),
          }),
        }),
      ],
      { error: 'expected a format of type text, json_object or json_schema' },
    ),
    'The form of the answer. A grammar holds it, so the answer is always valid.',
  ),
};

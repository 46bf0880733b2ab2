/** Tools, tool choice and text formats of a Responses request: flat, where chat completions nest them. */
import { z } from 'zod';
import type { JsonObject } from '../../kernel/json.ts';
import { unsupported } from '../../kernel/schema.ts';
import { jsonObject, list, optional, refused, type Field } from './parameter.ts';

export interface ResponseToolBody {
  readonly type: 'function';
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly parameters?: JsonObject | null | undefined;
  readonly strict?: boolean | null | undefined;
}

/** Known so that it can be refused by name; it never passes. */
interface RefusedToolBody {
  readonly type: RefusedToolType;
}

interface NamedToolBody {
  readonly type: 'function';
  readonly name: string;
}

export type ResponseToolChoiceBody =
  | 'none'
  | 'auto'
  | 'required'
  | NamedToolBody
  | {
      readonly type: 'allowed_tools';
      readonly mode: 'auto' | 'required';
      readonly tools: readonly NamedToolBody[];
    }
  | RefusedToolBody;

export type ResponseFormatBody =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | {
      readonly type: 'json_schema';
      readonly name: string;
      readonly description?: string | null | undefined;
      readonly schema: JsonObject;
      readonly strict?: boolean | null | undefined;
    };

export interface ResponseToolsBody {
  readonly tools?: readonly (ResponseToolBody | RefusedToolBody)[] | null | undefined;
  readonly tool_choice?: ResponseToolChoiceBody | null | undefined;
  readonly parallel_tool_calls?: boolean | null | undefined;
  readonly text?: { readonly format?: ResponseFormatBody | null | undefined } | null | undefined;
}

const refusedToolTypes = [
  'custom',
  'file_search',
  'web_search',
  'web_search_preview',
  'mcp',
  'code_interpreter',
  'image_generation',
  'computer',
  'computer_use_preview',
  'local_shell',
  'shell',
  'apply_patch',
  'namespace',
  'tool_search',
  'programmatic_tool_calling',
] as const;
type RefusedToolType = (typeof refusedToolTypes)[number];

const functionName = z
  .string()
  .regex(/^[a-zA-Z0-9_-]{1,64}$/, 'expected 1 to 64 characters of a-z, A-Z, 0-9, _ and -');

/** Same bound as OpenAI: more tools do not fit into a prompt that a model still reads well. */
const maxTools = 128;

const functionTool = z.strictObject({
  type: z.literal('function'),
  name: functionName,
  description: optional(z.string(), 'What the function does; the model reads it.'),
  parameters: optional(jsonObject, 'JSON Schema of the arguments, of type object. Absent: no arguments.'),
  strict: optional(z.boolean(), 'Arguments always follow the schema, with or without it.'),
  defer_loading: refused('tools are always shown to the model', [false]),
});

const refusedTool = z.looseObject({ type: z.enum(refusedToolTypes) }).refine(() => false, {
  path: ['type'],
  message: 'tools of this type are not supported; give functions',
  params: unsupported,
});

const namedTool = z.strictObject({ type: z.literal('function'), name: functionName });

const toolChoice = z.union(
  [
    z.enum(['none', 'auto', 'required']),
    z.discriminatedUnion('type', [
      namedTool,
      z.strictObject({
        type: z.literal('allowed_tools'),
        mode: z.enum(['auto', 'required']),
        tools: list(namedTool, { min: 1, max: maxTools }),
      }),
      refusedTool,
    ]),
  ],
  { error: 'expected "none", "auto", "required", a function to call, or allowed_tools' },
);

const format = z.discriminatedUnion(
  'type',
  [
    z.strictObject({ type: z.literal('text') }),
    z.strictObject({ type: z.literal('json_object') }),
    z.strictObject({
      type: z.literal('json_schema'),
      name: functionName,
      description: optional(z.string(), 'What the format is for.'),
      schema: jsonObject,
      strict: optional(z.boolean(), 'The answer always follows the schema, with or without it.'),
    }),
  ],
  { error: 'expected a format of type text, json_object or json_schema' },
);

interface ResponseToolFields {
  readonly tools: Field<NonNullable<ResponseToolsBody['tools']>>;
  readonly tool_choice: Field<ResponseToolChoiceBody>;
  readonly parallel_tool_calls: Field<boolean>;
  readonly text: Field<NonNullable<ResponseToolsBody['text']>>;
}

export const responseToolFields: ResponseToolFields = {
  tools: optional(
    list(
      z.discriminatedUnion('type', [functionTool, refusedTool], {
        error: 'expected a tool of type function',
      }),
      { min: 0, max: maxTools },
    ),
    `At most ${maxTools} functions that the model may call.`,
  ),
  tool_choice: optional(
    toolChoice,
    'Whether the model may, must not or must call a function. Default: auto with tools, none without.',
  ),
  parallel_tool_calls: optional(z.boolean(), 'Whether one answer may hold several calls. Default true.'),
  text: optional(
    z.strictObject({
      format: optional(format, 'The form of the answer. A grammar holds it, so the answer is always valid.'),
      verbosity: refused('ask for the length that you want in the input', ['medium']),
    }),
    'How the answer is written.',
  ),
};

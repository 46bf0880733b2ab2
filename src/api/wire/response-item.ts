/** The input items of a Responses request, as Open Responses and OpenAI define them. */
import { z } from 'zod';
import { unsupported } from '../../kernel/schema.ts';
import { optional } from './parameter.ts';

export interface InputTextBody {
  readonly type: 'input_text';
  readonly text: string;
}

export interface InputImageBody {
  readonly type: 'input_image';
  readonly image_url?: string | null | undefined;
  readonly detail?: 'auto' | 'low' | 'high' | null | undefined;
}

export interface OutputTextBody {
  readonly type: 'output_text';
  readonly text: string;
}

export interface RefusalBody {
  readonly type: 'refusal';
  readonly refusal: string;
}

/** Known so that it can be refused by name; it never passes. */
interface RefusedPartBody {
  readonly type: RefusedPartType;
}

interface MessageHead {
  readonly type?: 'message' | undefined;
  readonly id?: string | null | undefined;
}

export interface OthersMessageBody extends MessageHead {
  readonly role: 'user' | 'system' | 'developer';
  readonly content: string | readonly (InputTextBody | InputImageBody | RefusedPartBody)[];
}

export interface AssistantItemBody extends MessageHead {
  readonly role: 'assistant';
  readonly content: string | readonly (OutputTextBody | InputTextBody | RefusalBody)[];
}

export interface ReasoningItemBody {
  readonly type: 'reasoning';
  readonly id?: string | null | undefined;
  readonly summary?: readonly { readonly type: 'summary_text'; readonly text: string }[] | null | undefined;
  readonly content?: readonly { readonly type: 'reasoning_text'; readonly text: string }[] | null | undefined;
}

export interface FunctionCallBody {
  readonly type: 'function_call';
  readonly id?: string | null | undefined;
  readonly call_id: string;
  readonly name: string;
  readonly arguments: string;
}

export interface FunctionCallOutputBody {
  readonly type: 'function_call_output';
  readonly id?: string | null | undefined;
  readonly call_id: string;
  readonly output: string | readonly (InputTextBody | InputImageBody | RefusedPartBody)[];
}

export interface CompactionBody {
  readonly type: 'compaction';
  readonly id?: string | null | undefined;
  readonly encrypted_content: string;
}

/** Known so that it can be refused by name; it never passes. */
interface RefusedItemBody {
  readonly type: RefusedItemType;
}

export type InputItemBody =
  | OthersMessageBody
  | AssistantItemBody
  | ReasoningItemBody
  | FunctionCallBody
  | FunctionCallOutputBody
  | CompactionBody
  | RefusedItemBody;

const refusedItemTypes = [
  'item_reference',
  'custom_tool_call',
  'custom_tool_call_output',
  'file_search_call',
  'web_search_call',
  'computer_call',
  'computer_call_output',
  'image_generation_call',
  'code_interpreter_call',
  'local_shell_call',
  'local_shell_call_output',
  'shell_call',
  'shell_call_output',
  'apply_patch_call',
  'apply_patch_call_output',
  'mcp_list_tools',
  'mcp_approval_request',
  'mcp_approval_response',
  'mcp_call',
  'tool_search_call',
  'tool_search_output',
] as const;
type RefusedItemType = (typeof refusedItemTypes)[number];

const refusedPartTypes = ['input_file', 'input_audio', 'input_video'] as const;
type RefusedPartType = (typeof refusedPartTypes)[number];

const maxTextCharacters = 10_485_760;

const itemId = z.string().max(256).nullish();
const itemStatus = z.string().nullish();
const text = z.string().max(maxTextCharacters);

const inputText = z.strictObject({ type: z.literal('input_text'), text });

const inputImage = z
  .strictObject({
    type: z.literal('input_image'),
    image_url: z
      .string()
      .regex(/^(https?:\/\/|data:image\/)/i, 'expected an http(s) address or a data:image/… URL')
      .nullish(),
    detail: optional(z.enum(['auto', 'low', 'high']), 'How finely to look at the image.'),
    file_id: z.string().nullish(),
  })
  .refine((part) => part.file_id == null, {
    path: ['file_id'],
    message: 'uploaded files are not supported; send the image as a data URL',
    params: unsupported,
  })
  .refine((part) => typeof part.image_url === 'string', {
    path: ['image_url'],
    message: 'expected an address or a data URL',
  });

const refusedPart = z.looseObject({ type: z.enum(refusedPartTypes) }).refine(() => false, {
  path: ['type'],
  message: 'file, audio and video input are not supported; send the text',
  params: unsupported,
});

const inputParts = z
  .array(
    z.discriminatedUnion('type', [inputText, inputImage, refusedPart], {
      error: 'expected a part of type input_text or input_image',
    }),
  )
  .min(1);

const outputParts = z
  .array(
    z.discriminatedUnion(
      'type',
      [
        // The openai package adds `parsed`; annotations and logprobs come back as they were sent.
        z.strictObject({
          type: z.literal('output_text'),
          text,
          annotations: z.array(z.unknown()).nullish(),
          logprobs: z.array(z.unknown()).nullish(),
          parsed: z.unknown().optional(),
        }),
        inputText,
        z.strictObject({ type: z.literal('refusal'), refusal: text }),
      ],
      { error: 'expected a part of type output_text or refusal' },
    ),
  )
  .min(1);

const messageHead = { type: z.literal('message').optional(), id: itemId, status: itemStatus };

const message = z.discriminatedUnion(
  'role',
  [
    z.strictObject({
      ...messageHead,
      role: z.enum(['user', 'system', 'developer']),
      content: z.union([text, inputParts], { error: 'expected a text or a non-empty list of input parts' }),
      phase: z.null().optional(),
    }),
    z.strictObject({
      ...messageHead,
      role: z.literal('assistant'),
      content: z.union([text, outputParts], { error: 'expected a text or a non-empty list of output parts' }),
      phase: optional(
        z.enum(['commentary', 'final_answer']),
        'Accepted; the models here do not tell them apart.',
      ),
    }),
  ],
  { error: 'expected a message with a role of user, assistant, system or developer' },
);

const reasoning = z.strictObject({
  type: z.literal('reasoning'),
  id: itemId,
  status: itemStatus,
  summary: z.array(z.strictObject({ type: z.literal('summary_text'), text })).nullish(),
  content: z.array(z.strictObject({ type: z.literal('reasoning_text'), text })).nullish(),
  encrypted_content: z
    .unknown()
    .refine((value) => value === undefined || value === null, {
      message: 'encrypted reasoning of another server cannot be read; leave the reasoning item out',
      params: unsupported,
    })
    .optional(),
});

const callId = z.string().min(1).max(256);

const functionCall = z.strictObject({
  type: z.literal('function_call'),
  id: itemId,
  status: itemStatus,
  call_id: callId,
  name: z.string().min(1).max(256),
  arguments: text.describe('JSON text, as the model wrote it.'),
  // The openai package adds this to items that `parse()` returned; clients send them back as they are.
  parsed_arguments: z.unknown().optional(),
});

const functionCallOutput = z.strictObject({
  type: z.literal('function_call_output'),
  id: itemId,
  status: itemStatus,
  call_id: callId,
  output: z
    .union([text, inputParts], { error: 'expected a text or a non-empty list of input_text parts' })
    .refine((output) => typeof output === 'string' || output.every((part) => part.type === 'input_text'), {
      message: 'only input_text parts are supported in the output of a function',
      params: unsupported,
    }),
});

const compaction = z.strictObject({
  type: z.literal('compaction'),
  id: itemId,
  encrypted_content: text.describe('As POST /v1/responses/compact gave it.'),
  created_by: z.string().nullish(),
});

const refusedItem = z.looseObject({ type: z.enum(refusedItemTypes) }).refine(() => false, {
  path: ['type'],
  message: 'items of this type are not supported; send messages, reasoning, function calls and their outputs',
  params: unsupported,
});

export const inputItem: z.ZodType<InputItemBody> = z.discriminatedUnion(
  'type',
  [message, reasoning, functionCall, functionCallOutput, compaction, refusedItem],
  { error: 'expected an item of type message, reasoning, function_call or function_call_output' },
);

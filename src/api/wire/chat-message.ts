/** The messages of a chat completion request, as OpenAI defines them. */
import { z } from 'zod';
import { unsupported } from '../../kernel/schema.ts';
import { optional, refused } from './parameter.ts';

export interface TextPartBody {
  readonly type: 'text';
  readonly text: string;
}

export interface ImagePartBody {
  readonly type: 'image_url';
  readonly image_url: { readonly url: string; readonly detail?: 'auto' | 'low' | 'high' | null | undefined };
}

export interface ToolCallBody {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

type TextContent = string | readonly TextPartBody[];

export interface AssistantMessageBody {
  readonly role: 'assistant';
  readonly content?:
    | string
    | readonly (TextPartBody | { readonly type: 'refusal'; readonly refusal: string })[]
    | null
    | undefined;
  readonly tool_calls?: readonly ToolCallBody[] | null | undefined;
  readonly refusal?: string | null | undefined;
  readonly reasoning_content?: string | null | undefined;
  readonly reasoning?: string | null | undefined;
}

export type ChatMessageBody =
  | { readonly role: 'system' | 'developer'; readonly content: TextContent }
  | {
      readonly role: 'user';
      readonly content: string | readonly (TextPartBody | ImagePartBody | RefusedPart)[];
      readonly name?: string | null | undefined;
    }
  | AssistantMessageBody
  | {
      readonly role: 'tool';
      readonly tool_call_id: string;
      readonly content: TextContent;
      readonly name?: string | null | undefined;
    }
  // Known so that it can be refused by name; it never passes.
  | { readonly role: 'function' };

/** Known so that it can be refused by name; it never passes. */
interface RefusedPart {
  readonly type: 'input_audio' | 'file';
}

const textPart = z.strictObject({ type: z.literal('text'), text: z.string() });

const imagePart = z.strictObject({
  type: z.literal('image_url'),
  image_url: z.strictObject({
    url: z
      .string()
      .regex(/^(https?:\/\/|data:image\/)/i, 'expected an http(s) address or a data:image/… URL')
      .describe('An address or a data URL.'),
    detail: optional(z.enum(['auto', 'low', 'high']), 'How finely to look at the image.'),
  }),
});

const refusalPart = z.strictObject({ type: z.literal('refusal'), refusal: z.string() });

const audioPart = refusedPart('input_audio', 'audio input is not supported');
const filePart = refusedPart('file', 'file input is not supported; send its text');

const expectedTexts = 'expected a text or a non-empty list of text parts';
const textContent = z.union([z.string(), z.array(textPart).min(1)], { error: expectedTexts });

const noName = refused('a name is supported for user messages only; write it into the content');

const systemMessage = z.strictObject({
  role: z.enum(['system', 'developer']),
  content: textContent,
  name: noName,
});

const userMessage = z.strictObject({
  role: z.literal('user'),
  content: z.union(
    [
      z.string(),
      z
        .array(
          z.discriminatedUnion('type', [textPart, imagePart, audioPart, filePart], {
            error: 'expected a part of type text or image_url',
          }),
        )
        .min(1),
    ],
    { error: 'expected a text or a non-empty list of content parts' },
  ),
  name: optional(z.string().min(1).max(64), 'Who speaks; the model reads it as "NAME: " before the content.'),
});

const toolCall = z.strictObject({
  id: z.string().min(1).max(256),
  type: z.literal('function', { error: 'expected "function"; custom tools are not supported' }),
  function: z.strictObject({
    name: z.string().min(1).max(256),
    arguments: z.string().describe('JSON text, as the model wrote it.'),
    // The openai package adds this to messages that `parse()` returned; clients send them back as they are.
    parsed_arguments: z.unknown().optional(),
  }),
  // Streaming clients send back the position that a delta carried.
  index: z.int().min(0).optional(),
});

const assistantMessage = z.strictObject({
  role: z.literal('assistant'),
  content: optional(
    z.union(
      [
        z.string(),
        z
          .array(
            z.discriminatedUnion('type', [textPart, refusalPart], {
              error: 'expected a part of type text or refusal',
            }),
          )
          .min(1),
      ],
      { error: 'expected a text, a non-empty list of text parts, or null' },
    ),
    'What the assistant said; null when it only called tools.',
  ),
  tool_calls: optional(z.array(toolCall).max(128), 'The calls that the assistant made.'),
  refusal: optional(z.string(), 'What the assistant said to refuse.'),
  reasoning_content: optional(z.string(), 'What the assistant thought, as a response of ours carries it.'),
  reasoning: optional(z.string(), 'As `reasoning_content`.'),
  name: noName,
  audio: refused('audio is not supported'),
  function_call: refused('deprecated by OpenAI and not supported; use tool_calls'),
  // Parts of our and OpenAI's answers that clients send back as they are; they say nothing to a model.
  annotations: z.array(z.unknown()).nullish(),
  parsed: z.unknown().optional(),
});

const toolMessage = z.strictObject({
  role: z.literal('tool'),
  tool_call_id: z.string().min(1).max(256),
  content: textContent,
  name: optional(z.string().max(256), "The function's name; must be that of the call."),
});

const functionMessage = z
  .strictObject({ role: z.literal('function'), name: z.unknown(), content: z.unknown() })
  .refine(() => false, {
    path: ['role'],
    message: 'role "function" is deprecated by OpenAI and not supported; use role "tool"',
    params: unsupported,
  });

export const chatMessage: z.ZodType<ChatMessageBody> = z.discriminatedUnion(
  'role',
  [systemMessage, userMessage, assistantMessage, toolMessage, functionMessage],
  { error: 'expected a message with a role of system, developer, user, assistant or tool' },
);

function refusedPart<Type extends string>(type: Type, reason: string) {
  return z
    .looseObject({ type: z.literal(type) })
    .refine(() => false, { path: ['type'], message: reason, params: unsupported });
}

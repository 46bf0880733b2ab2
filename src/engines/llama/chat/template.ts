/**
 * From chat messages to the text that a model was trained on: the model file's own Jinja template, with
 * our own way of offering tools where the template has none.
 */
import { Template } from '@huggingface/jinja';
import { GradusError } from '../../../kernel/errors.ts';
import type { FunctionTool } from '../../../kernel/request.ts';
import type { ChatMessage } from '../../engine.ts';

export interface ChatTemplate {
  /** The prompt's text up to the place where the answer begins. */
  render(messages: readonly ChatMessage[], tools: readonly FunctionTool[]): string;
}

export interface TemplateOptions {
  /** The Jinja source; absent: ChatML, which most small models know. */
  readonly source: string | undefined;
  readonly beginText: string;
  readonly endText: string;
}

interface TemplateMessage {
  role: string;
  content: string;
  tool_calls?: readonly { type: 'function'; id: string; function: { name: string; arguments: unknown } }[];
  tool_call_id?: string;
  reasoning_content?: string;
}

const chatMl =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}{% endfor %}{{ '<|im_start|>assistant\\n' }}";

/** Throws `model-load-failed` when the template cannot be parsed. */
export function createChatTemplate(options: TemplateOptions): ChatTemplate {
  const source = options.source ?? chatMl;
  let template: Template;
  try {
    template = new Template(source);
  } catch (error) {
    throw new GradusError(
      'model-load-failed',
      { message: `The model's chat template cannot be read: ${messageOf(error)}.` },
      { cause: error },
    );
  }
  // Only templates that speak the <tool_call> form are asked to show tools; for all others the tools
  // are written into the system message in that same form, so that one parser reads every model.
  const showsTools = source.includes('<tool_call>') && source.includes('tools');
  return {
    render(messages, tools) {
      const plain = showsTools ? messages.map(toTemplateMessage) : withToolsInSystem(messages, tools);
      try {
        return template.render({
          messages: plain,
          ...(showsTools && tools.length > 0 ? { tools: tools.map(toTemplateTool) } : {}),
          add_generation_prompt: true,
          bos_token: options.beginText,
          eos_token: options.endText,
        });
      } catch (error) {
        throw new GradusError(
          'invalid-request',
          {
            message: `The model's chat template refuses this conversation: ${messageOf(error)}.`,
            param: 'messages',
          },
          { cause: error },
        );
      }
    },
  };
}

function toTemplateMessage(message: ChatMessage): TemplateMessage {
  switch (message.role) {
    case 'system':
    case 'user':
      return { role: message.role, content: textOf(message) };
    case 'assistant':
      return {
        role: 'assistant',
        content: message.text,
        ...(message.thought === undefined ? {} : { reasoning_content: message.thought }),
        ...(message.toolCalls.length === 0
          ? {}
          : {
              tool_calls: message.toolCalls.map((call) => ({
                type: 'function' as const,
                id: call.id,
                function: { name: call.name, arguments: parsedArguments(call.arguments) },
              })),
            }),
      };
    case 'tool':
      return { role: 'tool', content: message.text, tool_call_id: message.toolCallId };
  }
}

function withToolsInSystem(
  messages: readonly ChatMessage[],
  tools: readonly FunctionTool[],
): readonly TemplateMessage[] {
  const plain = messages.map((message): TemplateMessage => {
    if (message.role === 'tool') {
      return { role: 'user', content: `<tool_response>\n${message.text}\n</tool_response>` };
    }
    if (message.role === 'assistant' && message.toolCalls.length > 0) {
      const calls = message.toolCalls.map(
        (call) =>
          `<tool_call>\n{"name": ${JSON.stringify(call.name)}, "arguments": ${call.arguments}}\n</tool_call>`,
      );
      return {
        role: 'assistant',
        content: [message.text, ...calls].filter((part) => part !== '').join('\n'),
      };
    }
    return toTemplateMessage(message);
  });
  if (tools.length === 0) return plain;
  const offer = `You can call functions. They are, one a line:\n${tools
    .map((tool) => JSON.stringify(toTemplateTool(tool)))
    .join('\n')}\nTo call one, write exactly:\n<tool_call>\n{"name": "NAME", "arguments": {…}}\n</tool_call>`;
  const [first, ...rest] = plain;
  if (first?.role === 'system') return [{ ...first, content: `${first.content}\n\n${offer}` }, ...rest];
  return [{ role: 'system', content: offer }, ...plain];
}

function toTemplateTool(tool: FunctionTool): object {
  const { name, description, parameters } = tool;
  return {
    type: 'function',
    function: { name, ...(description === undefined ? {} : { description }), parameters },
  };
}

function textOf(message: Extract<ChatMessage, { role: 'system' | 'user' }>): string {
  return message.parts
    .map((part) => {
      if (part.type === 'text') return part.text;
      throw new GradusError('unsupported-parameter', {
        message: 'This model reads no images; send text, or choose a model that sees.',
        param: 'messages',
      });
    })
    .join('\n');
}

function parsedArguments(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // An earlier model's broken call: shown to the template as the text that it was.
    return text;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

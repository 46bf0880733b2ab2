/** From a rule's reply and the request: exactly which tokens one sample will be, before any is sent. */
import { GradusError } from '../../kernel/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts';
import type { FunctionTool } from '../../kernel/request.ts';
import type { GenerateRequest } from '../engine.ts';
import type { JsonChecker } from './json-check.ts';
import { createInstance } from './schema-instance.ts';
import type { ScriptFailure, ScriptReply, ScriptToolCall } from './script.ts';
import { splitTokens } from './tokens.ts';

export interface Segment {
  readonly kind: 'thought' | 'text' | 'call-name' | 'call-arguments';
  readonly tokens: readonly string[];
  /** Which call, for the two kinds of calls. */
  readonly call: number;
}

export interface SamplePlan {
  readonly segments: readonly Segment[];
  readonly finish: 'stop' | 'length' | 'tool_calls' | 'content_filter';
  readonly fail: ScriptFailure | undefined;
  readonly delayMs: number;
  readonly tokensPerSecond: number | undefined;
  readonly chunkSize: number | undefined;
  readonly logprobs: readonly number[];
  readonly cachedTokens: number;
}

export interface PlanOptions {
  readonly reply: ScriptReply;
  readonly request: GenerateRequest;
  /** What is said when the reply has neither text nor calls. */
  readonly echo: string;
  readonly checker: JsonChecker;
}

/** Throws `engine-failed` when the script's own text or calls cannot be sent in answer to this request. */
export function planSample(options: PlanOptions): SamplePlan {
  const { reply, request } = options;
  const calls = planCalls(options);
  const segments: Segment[] = [];
  const start = request.prompt.kind === 'chat' ? (request.prompt.answerStart?.text ?? '') : '';
  if (reply.thought !== undefined && start === '') addSegment(segments, 'thought', reply.thought);
  const text = planText(options, calls.length > 0);
  addSegment(segments, 'text', start !== '' && text.startsWith(start) ? text.slice(start.length) : text);
  for (const [call, { name, arguments: given }] of calls.entries()) {
    addSegment(segments, 'call-name', name, call);
    addSegment(segments, 'call-arguments', typeof given === 'string' ? given : JSON.stringify(given), call);
  }
  return {
    segments,
    finish: reply.finish ?? (calls.length > 0 ? 'tool_calls' : 'stop'),
    fail: reply.fail,
    delayMs: reply.delayMsBeforeFirst ?? 0,
    tokensPerSecond: reply.tokensPerSecond,
    chunkSize: reply.chunkSize,
    logprobs: reply.logprobs ?? [],
    cachedTokens: reply.cachedTokens ?? 0,
  };
}

function addSegment(segments: Segment[], kind: Segment['kind'], text: string, call = 0): void {
  const tokens = splitTokens(text.toWellFormed());
  if (tokens.length > 0) segments.push({ kind, tokens, call });
}

function planText({ reply, request, echo, checker }: PlanOptions, hasCalls: boolean): string {
  const { textFormat } = request;
  if (reply.text !== undefined && (reply.unchecked === true || textFormat.kind === 'text')) return reply.text;
  if (hasCalls) return reply.text ?? '';
  const schema: JsonObject =
    textFormat.kind === 'json-schema'
      ? textFormat.schema
      : textFormat.kind === 'json-object'
        ? { type: 'object' }
        : {};
  if (textFormat.kind === 'text')
    return reply.thought === undefined && reply.toolCalls === undefined ? echo : '';
  if (reply.text !== undefined) {
    const fault = findTextFault(checker, schema, reply.text);
    if (fault !== undefined) throw scriptError(`its text does not fit the demanded format: ${fault}`);
    return reply.text;
  }
  if (findTextFault(checker, schema, echo) === undefined) return echo;
  return JSON.stringify(createChecked(checker, schema));
}

function planCalls({ reply, request, checker }: PlanOptions): readonly ScriptToolCall[] {
  const { tools, toolChoice, parallelToolCalls } = request;
  let calls = reply.toolCalls ?? [];
  if (reply.unchecked === true) return calls;
  if (toolChoice.kind === 'none') return [];
  for (const call of calls) checkCall(call, tools, checker);
  if (toolChoice.kind === 'named') calls = calls.filter((call) => call.name === toolChoice.name);
  if (calls.length === 0 && (toolChoice.kind === 'named' || toolChoice.kind === 'required')) {
    const tool = toolChoice.kind === 'named' ? tools.find((tool) => tool.name === toolChoice.name) : tools[0];
    if (tool === undefined) {
      throw new GradusError('invalid-request', {
        message: 'tool_choice demands a call, but no such tool is offered.',
        param: 'tool_choice',
      });
    }
    const value = createChecked(checker, { type: 'object', ...tool.parameters });
    calls = [{ name: tool.name, arguments: JSON.stringify(value) }];
  }
  return parallelToolCalls ? calls : calls.slice(0, 1);
}

function checkCall(call: ScriptToolCall, tools: readonly FunctionTool[], checker: JsonChecker): void {
  const tool = tools.find((tool) => tool.name === call.name);
  if (tool === undefined) {
    throw scriptError(`it calls the tool "${call.name}", which the request does not offer`);
  }
  const text = typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments);
  const fault = findTextFault(checker, tool.parameters, text);
  if (fault !== undefined) {
    throw scriptError(`its arguments for "${call.name}" do not fit that tool's parameters: ${fault}`);
  }
}

function scriptError(reason: string): GradusError {
  return new GradusError('engine-failed', {
    message: `The script's reply cannot be sent: ${reason}. Set "unchecked" to send it as it is.`,
  });
}

function findTextFault(checker: JsonChecker, schema: JsonObject, text: string): string | undefined {
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  return checker.findFault(schema, value);
}

function createChecked(checker: JsonChecker, schema: JsonObject): JsonValue {
  // Compiled first, so that what is wrong with the schema itself is said before a value is sought.
  checker.findFault(schema, null);
  const value = createInstance(schema);
  const fault = checker.findFault(schema, value);
  if (fault === undefined && (schema['type'] !== 'object' || isJsonObject(value))) return value;
  throw new GradusError('invalid-schema', {
    message: `The scripted engine found no value for the JSON schema: ${fault ?? 'not an object'}.`,
  });
}

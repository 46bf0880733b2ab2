/**
 * Which grammar an answer must follow, from what the request asks: a JSON schema, any JSON object, a tool
 * call, or the caller's own grammar.
 */
import { GradusError } from '../../../kernel/errors.ts';
import type { JsonObject } from '../../../kernel/json.ts';
import type { FunctionTool } from '../../../kernel/request.ts';
import type { GenerateRequest } from '../../engine.ts';
import { jsonObjectGbnf, jsonSchemaToGbnf } from '../grammar/json-schema-gbnf.ts';
import { callEnd, callStart } from './answer-parser.ts';

export interface ConstraintPlan {
  readonly grammar: string;
  /** The grammar holds from the end of this text on; absent: from the first token. */
  readonly wakesAfter: string | undefined;
}

/** Throws `invalid-schema` with the path of the keyword that cannot be honoured. */
export function planConstraint(
  request: Pick<GenerateRequest, 'grammar' | 'textFormat' | 'tools' | 'toolChoice' | 'parallelToolCalls'>,
  options: { readonly startsThinking: boolean },
): ConstraintPlan | undefined {
  // A thinking model thinks freely; only its answer is bound.
  const wakesAfter = options.startsThinking ? '</think>' : undefined;
  const lead = options.startsThinking ? 'root ::= [ \\n]* answer\nanswer ::= ' : 'root ::= ';
  if (request.grammar !== undefined) return { grammar: request.grammar, wakesAfter };
  const json = jsonGrammar(request);
  const { toolChoice } = request;
  const tools = toolChoice.kind === 'none' ? [] : request.tools;
  const must = toolChoice.kind === 'required' || toolChoice.kind === 'named';
  if (tools.length > 0 && (must || json !== undefined)) {
    const chosen =
      toolChoice.kind === 'named' ? tools.filter((tool) => tool.name === toolChoice.name) : tools;
    if (chosen.length === 0) {
      throw new GradusError('invalid-request', {
        message: 'tool_choice names a function that is not among the tools.',
        param: 'tool_choice',
      });
    }
    // A named tool is wanted once; small models would repeat it for as long as they may.
    const calls = callRules(chosen, request.parallelToolCalls && toolChoice.kind !== 'named');
    if (must || json === undefined) return { grammar: `${lead}calls\n${calls}`, wakesAfter };
    return { grammar: `${lead}calls | json\n${calls}\n${json}`, wakesAfter };
  }
  if (tools.length > 0) {
    // Free text until the model opens a call; from there on the call is bound.
    return {
      grammar: `root ::= call-body more-calls [ \\n]*\n${callRules(tools, request.parallelToolCalls)}`,
      wakesAfter: callStart,
    };
  }
  if (json === undefined) return undefined;
  return {
    grammar: `${options.startsThinking ? 'root ::= [ \\n]* json' : 'root ::= json'}\n${json}`,
    wakesAfter,
  };
}

function jsonGrammar(request: Pick<GenerateRequest, 'textFormat'>): string | undefined {
  switch (request.textFormat.kind) {
    case 'text':
      return undefined;
    case 'json-object':
      return jsonObjectGbnf({ rootName: 'json' });
    case 'json-schema':
      return jsonSchemaToGbnf(request.textFormat.schema, {
        rootName: 'json',
        path: 'response_format.json_schema.schema',
      });
  }
}

const maxCallsAtOnce = 16;

function callRules(tools: readonly FunctionTool[], isParallel: boolean): string {
  const bodies = tools.map((_, i) => `call-${i}`);
  return [
    `calls ::= ${literal(callStart)} call-body more-calls`,
    `call-body ::= [\\n]? (${bodies.join(' | ')}) [\\n]? ${literal(callEnd)}`,
    isParallel
      ? `more-calls ::= ([\\n]? ${literal(callStart)} call-body){0,${maxCallsAtOnce - 1}}`
      : 'more-calls ::= ""',
    ...tools.map((tool, i) => {
      const opening = `{"name": ${JSON.stringify(tool.name)}, "arguments": `;
      return `call-${i} ::= ${literal(opening)} arguments-${i} "}"\n${argumentsGrammar(tool, i)}`;
    }),
  ].join('\n');
}

function argumentsGrammar(tool: FunctionTool, index: number): string {
  return jsonSchemaToGbnf(objectSchema(tool.parameters), {
    rootName: `arguments-${index}`,
    path: `tools[${index}].function.parameters`,
  });
}

/** A tool without parameters takes none, which is written as an empty object. */
function objectSchema(schema: JsonObject): JsonObject {
  return Object.keys(schema).length === 0
    ? { type: 'object', properties: {}, additionalProperties: false }
    : schema;
}

/** A GBNF literal: its escapes are those of JSON strings. */
function literal(text: string): string {
  return JSON.stringify(text);
}

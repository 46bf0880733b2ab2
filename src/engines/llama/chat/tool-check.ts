/** Checks calls that a model made outside a grammar: small models often write them in forms of their own. */
import { Ajv } from 'ajv';
import type { FunctionTool } from '../../../kernel/request.ts';
import type { ToolCheck } from './answer-parser.ts';

/** Schemas that do not compile check nothing here: the grammar refused them before if it had to. */
export function createToolCheck(tools: readonly FunctionTool[]): ToolCheck | undefined {
  if (tools.length === 0) return undefined;
  const ajv = new Ajv({ strict: false, validateFormats: false, logger: false });
  const checks = new Map<string, (value: unknown) => boolean>();
  return (name, args) => {
    const tool = tools.find((each) => each.name === name);
    if (tool === undefined) return false;
    let check = checks.get(name);
    if (check === undefined) {
      check = compile(ajv, tool);
      checks.set(name, check);
    }
    return check(args);
  };
}

function compile(ajv: Ajv, tool: FunctionTool): (value: unknown) => boolean {
  try {
    const { $schema: _dialect, ...plain } = tool.parameters;
    const validate = ajv.compile(plain);
    return (value) => validate(value);
  } catch {
    return () => true;
  }
}

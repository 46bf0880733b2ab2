/**
 * The schemas inside one schema: gives each a number by its place, resolves `$ref`, and holds the limits
 * that keep hostile or huge schemas from costing more than a moment.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../kernel/json.ts';
import type { WorkBudget } from './automaton.ts';
import { readSchemaNode, refuseSchema, type NodeId, type SchemaNode } from './schema-node.ts';

const maxSchemas = 5000;
const maxValues = 50_000;
const maxDepth = 500;
/** Steps of automaton building; all of them take well under a second. */
const maxWork = 1_000_000;

type RawSchema = JsonObject | boolean;

export class SchemaDocument {
  readonly rootPath: string;
  readonly #root: JsonObject;
  readonly #numbers = new Map<string, NodeId>();
  readonly #raw: { readonly schema: RawSchema; readonly path: string }[] = [];
  readonly #nodes: (SchemaNode | undefined)[] = [];
  #work = 0;

  /** `path` is put before the schema's own paths in errors. Throws `invalid-schema` for oversized schemas. */
  constructor(root: JsonObject, path: string) {
    this.#root = root;
    this.rootPath = `${path}#`;
    refuseOversized(root, this.rootPath);
    this.#numberOf(root, this.rootPath);
  }

  get root(): NodeId {
    return 0;
  }

  node(id: NodeId): SchemaNode {
    const known = this.#nodes[id];
    if (known !== undefined) return known;
    const entry = this.#raw[id];
    if (entry === undefined) throw new Error(`no schema has the number ${id}`);
    const { schema, path } = entry;
    const node = readSchemaNode(schema, {
      path,
      child: (value, ...keys) => this.#child(value, [path, ...keys.map(escapeKey)].join('/')),
      resolve: (reference) => this.#resolve(reference, path),
    });
    this.#nodes[id] = node;
    return node;
  }

  /** The budget of all automata of this schema; `path` is named when it is spent. */
  budgetFor(path: string): WorkBudget {
    return {
      spend: (units) => {
        this.#work += units;
        if (this.#work > maxWork) {
          refuseSchema(
            path,
            'this needs a grammar that is too large; use shorter counts or a simpler pattern',
          );
        }
      },
    };
  }

  #child(value: JsonValue | undefined, path: string): NodeId {
    if (typeof value === 'boolean' || isJsonObject(value)) return this.#numberOf(value, path);
    return refuseSchema(path, 'a schema must be an object, true or false');
  }

  #numberOf(schema: RawSchema, path: string): NodeId {
    const known = this.#numbers.get(path);
    if (known !== undefined) return known;
    if (this.#raw.length >= maxSchemas) {
      refuseSchema(this.rootPath, `it has more than ${maxSchemas} schemas inside; use a smaller one`);
    }
    this.#numbers.set(path, this.#raw.length);
    this.#raw.push({ schema, path });
    return this.#raw.length - 1;
  }

  #resolve(reference: string, from: string): NodeId {
    const path = `${from}/$ref`;
    if (reference !== '#' && !reference.startsWith('#/')) {
      refuseSchema(
        path,
        `"${reference}" is not supported; refer to "#" or "#/$defs/NAME" in the same schema`,
      );
    }
    this.#refuseForeignBase(from);
    let value: JsonValue | undefined = this.#root;
    let target = this.rootPath;
    for (const token of reference.split('/').slice(1)) {
      const key = decodeToken(token);
      const container: JsonValue | undefined = value;
      if (Array.isArray(container) && /^\d+$/.test(key)) value = container[Number(key)];
      else if (isJsonObject(container) && Object.hasOwn(container, key)) value = container[key];
      else value = undefined;
      if (value === undefined)
        refuseSchema(path, `"${reference}" refers to nothing; define it under "$defs"`);
      target += `/${escapeKey(key)}`;
    }
    return this.#child(value, target);
  }

  /** Inside a schema with an `$id` of its own, `#/…` would mean that schema, not the whole one. */
  #refuseForeignBase(from: string): void {
    let value: JsonValue | undefined = this.#root;
    let path = this.rootPath;
    for (const token of from.slice(this.rootPath.length).split('/').slice(1)) {
      const key = decodeKey(token);
      const container: JsonValue | undefined = value;
      if (Array.isArray(container)) value = container[Number(key)];
      else if (isJsonObject(container)) value = container[key];
      path += `/${token}`;
      if (isJsonObject(value) && typeof value['$id'] === 'string') {
        refuseSchema(`${path}/$id`, 'an "$id" around a "$ref" is not supported; leave the "$id" out');
      }
    }
  }
}

function escapeKey(key: string | number): string {
  return String(key).replaceAll('~', '~0').replaceAll('/', '~1');
}

function decodeKey(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}

function decodeToken(token: string): string {
  try {
    return decodeKey(decodeURIComponent(token));
  } catch {
    // Not percent-encoded after all.
    return decodeKey(token);
  }
}

function refuseOversized(root: JsonObject, path: string): void {
  let count = 0;
  const open: { readonly value: JsonValue; readonly depth: number }[] = [{ value: root, depth: 0 }];
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    const { value, depth } = entry;
    count++;
    if (depth > maxDepth) refuseSchema(path, `it is nested deeper than ${maxDepth} levels; use "$ref"`);
    if (count > maxValues) refuseSchema(path, `it holds more than ${maxValues} values; use a smaller one`);
    if (typeof value !== 'object' || value === null) continue;
    for (const inner of Object.values(value)) {
      if (inner !== undefined) open.push({ value: inner, depth: depth + 1 });
    }
  }
}

/**
 * One JSON schema object, read once: what it asks of each type of value, and which other schemas it refers
 * to. Keywords that change what is valid and that no grammar can follow are refused here, by name.
 */
import { GradusError } from '../../../kernel/errors.ts';
import { isJsonObject, toCanonicalJson, type JsonObject, type JsonValue } from '../../../kernel/json.ts';

/** `number` in a schema is both of `integer` and `fraction`. */
export type ValueType = 'null' | 'boolean' | 'object' | 'array' | 'string' | 'integer' | 'fraction';

export const allTypes: readonly ValueType[] = [
  'object',
  'array',
  'string',
  'integer',
  'fraction',
  'boolean',
  'null',
];

/** The number of a schema in its SchemaDocument. */
export type NodeId = number;

export interface Bound {
  readonly value: number;
  readonly isExclusive: boolean;
}

/** A text from the schema and where it stands. */
export interface Located {
  readonly text: string;
  readonly path: string;
}

export interface SchemaNode {
  readonly path: string;
  readonly isFalse: boolean;
  /** Whether it asks anything beyond what its applicators (allOf, anyOf, oneOf, not, $ref) ask. */
  readonly isConstraining: boolean;
  readonly types: ReadonlySet<ValueType>;
  readonly literals: readonly JsonValue[] | undefined;
  readonly number: {
    readonly bounds: { readonly min: readonly Bound[]; readonly max: readonly Bound[] };
    readonly multipleOf: number | undefined;
  };
  readonly string: {
    readonly minLength: number;
    readonly maxLength: number | undefined;
    readonly pattern: Located | undefined;
    readonly format: Located | undefined;
  };
  readonly array: {
    readonly prefix: readonly NodeId[];
    readonly rest: NodeId | undefined;
    readonly minItems: number;
    readonly maxItems: number | undefined;
    readonly isUnique: boolean;
  };
  readonly object: {
    /** Whether it says which properties there are, if only by an empty list. */
    readonly listsNames: boolean;
    readonly properties: ReadonlyMap<string, NodeId>;
    readonly patterns: readonly { readonly pattern: Located; readonly node: NodeId }[];
    readonly additional: NodeId | undefined;
    readonly names: NodeId | undefined;
    readonly required: readonly string[];
    readonly minProperties: number;
    readonly maxProperties: number | undefined;
  };
  readonly reference: NodeId | undefined;
  readonly allOf: readonly NodeId[];
  readonly anyOf: readonly NodeId[] | undefined;
  readonly oneOf: readonly NodeId[] | undefined;
  readonly not: NodeId | undefined;
}

/** How a schema's children become nodes. */
export interface NodeContext {
  readonly path: string;
  child(value: JsonValue | undefined, ...keys: readonly (string | number)[]): NodeId;
  resolve(reference: string): NodeId;
}

/** Throws `invalid-schema`; `path` names the place, `reason` says what is wrong and what to do. */
export function refuseSchema(path: string, reason: string): never {
  throw new GradusError('invalid-schema', { message: `${path}: ${reason}`, param: path });
}

export function readSchemaNode(schema: JsonObject | boolean, context: NodeContext): SchemaNode {
  const read = new KeywordReader(typeof schema === 'boolean' ? {} : schema, context);
  read.refuseUnsupported();
  const types = readTypes(read);
  const literals = readLiterals(read);
  const number = readNumber(read);
  const string = readString(read);
  const array = readArray(read);
  const object = readObject(read);
  return {
    path: context.path,
    isFalse: schema === false,
    isConstraining: schema === false || constrainingKeywords.some((name) => read.has(name)),
    types,
    literals,
    number,
    string,
    array,
    object,
    reference: readReference(read),
    allOf: read.schemas('allOf') ?? [],
    anyOf: read.schemas('anyOf'),
    oneOf: read.schemas('oneOf'),
    not: read.schema('not'),
  };
}

const constrainingKeywords = [
  'type',
  'enum',
  'const',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern',
  'format',
  'items',
  'prefixItems',
  'additionalItems',
  'minItems',
  'maxItems',
  'uniqueItems',
  'properties',
  'patternProperties',
  'additionalProperties',
  'propertyNames',
  'required',
  'minProperties',
  'maxProperties',
];

/** Keyword, and what a schema can say instead. */
const unsupportedKeywords: readonly (readonly [name: string, advice: string])[] = [
  ['if', 'write the cases as anyOf'],
  ['then', 'write the cases as anyOf'],
  ['else', 'write the cases as anyOf'],
  ['dependentRequired', 'write the cases as anyOf'],
  ['dependentSchemas', 'write the cases as anyOf'],
  ['dependencies', 'write the cases as anyOf'],
  ['contains', 'describe each place with prefixItems'],
  ['minContains', 'describe each place with prefixItems'],
  ['maxContains', 'describe each place with prefixItems'],
  ['unevaluatedProperties', 'use additionalProperties'],
  ['unevaluatedItems', 'use items'],
  ['$dynamicRef', 'use $ref'],
  ['$recursiveRef', 'use $ref'],
];

class KeywordReader {
  readonly context: NodeContext;
  readonly #schema: JsonObject;

  constructor(schema: JsonObject, context: NodeContext) {
    this.#schema = schema;
    this.context = context;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#schema, name) && this.#schema[name] !== undefined;
  }

  get(name: string): JsonValue | undefined {
    return this.has(name) ? this.#schema[name] : undefined;
  }

  refuse(name: string, reason: string): never {
    return refuseSchema(`${this.context.path}/${name}`, reason);
  }

  refuseUnsupported(): void {
    for (const [name, advice] of unsupportedKeywords) {
      if (this.has(name) && !(name.startsWith('unevaluated') && this.get(name) === true)) {
        this.refuse(name, `"${name}" is not supported; ${advice}`);
      }
    }
  }

  number(name: string): number | undefined {
    const value = this.get(name);
    if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value;
    return this.refuse(name, `"${name}" must be a number`);
  }

  count(name: string): number | undefined {
    const value = this.number(name);
    if (value === undefined || (Number.isInteger(value) && value >= 0)) return value;
    return this.refuse(name, `"${name}" must be a whole number that is not negative`);
  }

  text(name: string): Located | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'string') return this.refuse(name, `"${name}" must be a text`);
    return { text: value, path: `${this.context.path}/${name}` };
  }

  list(name: string): readonly JsonValue[] | undefined {
    const value = this.get(name);
    if (value === undefined || isList(value)) return value;
    return this.refuse(name, `"${name}" must be a list`);
  }

  schema(name: string): NodeId | undefined {
    const value = this.get(name);
    return value === undefined ? undefined : this.context.child(value, name);
  }

  schemas(name: string): readonly NodeId[] | undefined {
    const list = this.list(name);
    if (list?.length === 0) this.refuse(name, `"${name}" must hold at least one schema`);
    return list?.map((value, index) => this.context.child(value, name, index));
  }

  schemaMap(name: string): readonly (readonly [key: string, node: NodeId])[] {
    const value = this.get(name);
    if (value === undefined) return [];
    if (!isJsonObject(value)) return this.refuse(name, `"${name}" must be an object of schemas`);
    return Object.entries(value).map(([key, entry]) => [key, this.context.child(entry, name, key)] as const);
  }

  /** Refuses limits that contradict each other. Nobody can write a billion entries, so no more are allowed. */
  range(minName: string, maxName: string): { readonly min: number; readonly max: number | undefined } {
    const min = this.count(minName) ?? 0;
    const max = this.count(maxName);
    if (max !== undefined && min > max) {
      this.refuse(minName, `"${minName}" ${min} is more than "${maxName}" ${max}, so nothing is valid`);
    }
    if (min > 1_000_000) this.refuse(minName, `"${minName}" ${min} is more than can be written`);
    return { min, max: max === undefined ? undefined : Math.min(max, 1_000_000_000) };
  }
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function readTypes(read: KeywordReader): ReadonlySet<ValueType> {
  const value = read.get('type');
  if (value === undefined) return new Set(allTypes);
  const names = isList(value) ? value : [value];
  if (names.length === 0) read.refuse('type', 'a list of types must not be empty');
  return new Set(
    names.flatMap((name): readonly ValueType[] => {
      if (name === 'number') return ['integer', 'fraction'];
      const known = allTypes.find((type) => type === name && type !== 'fraction');
      return known === undefined
        ? read.refuse('type', `${JSON.stringify(name)} is not a JSON type`)
        : [known];
    }),
  );
}

function readLiterals(read: KeywordReader): readonly JsonValue[] | undefined {
  const list = read.list('enum');
  if (list?.length === 0)
    read.refuse('enum', 'an empty "enum" allows nothing; list the values, or leave it out');
  const constant = read.get('const');
  if (constant === undefined) return list;
  const text = toCanonicalJson(constant);
  if (list !== undefined && !list.some((value) => toCanonicalJson(value) === text)) {
    read.refuse('const', 'the value of "const" is not in "enum"');
  }
  return [constant];
}

function readNumber(read: KeywordReader): SchemaNode['number'] {
  const bounds = (plain: string, exclusive: string): Bound[] => {
    const found: Bound[] = [];
    const value = read.number(plain);
    if (value !== undefined) found.push({ value, isExclusive: false });
    const limit = read.number(exclusive);
    if (limit !== undefined) found.push({ value: limit, isExclusive: true });
    return found;
  };
  const min = bounds('minimum', 'exclusiveMinimum');
  const max = bounds('maximum', 'exclusiveMaximum');
  for (const low of min) {
    for (const high of max) {
      const isStrict = low.isExclusive || high.isExclusive;
      if (low.value > high.value || (low.value === high.value && isStrict)) {
        const name = low.isExclusive ? 'exclusiveMinimum' : 'minimum';
        read.refuse(name, `no number lies between ${low.value} and ${high.value}`);
      }
    }
  }
  const multipleOf = read.number('multipleOf');
  if (multipleOf !== undefined && (!Number.isInteger(multipleOf) || multipleOf < 1 || multipleOf > 1000)) {
    read.refuse('multipleOf', '"multipleOf" is supported for whole numbers from 1 to 1000; leave it out');
  }
  return { bounds: { min, max }, multipleOf };
}

function readString(read: KeywordReader): SchemaNode['string'] {
  const { min, max } = read.range('minLength', 'maxLength');
  return { minLength: min, maxLength: max, pattern: read.text('pattern'), format: read.text('format') };
}

function readArray(read: KeywordReader): SchemaNode['array'] {
  const { min, max } = read.range('minItems', 'maxItems');
  const items = read.get('items');
  const isUnique = read.get('uniqueItems') ?? false;
  if (typeof isUnique !== 'boolean') read.refuse('uniqueItems', '"uniqueItems" must be true or false');
  const counts = { minItems: min, maxItems: max, isUnique };
  // Until draft 2019-09, a list under `items` was what `prefixItems` is now.
  if (items !== undefined && isList(items)) {
    const prefix = items.map((value, index) => read.context.child(value, 'items', index));
    return { prefix, rest: read.schema('additionalItems'), ...counts };
  }
  return { prefix: read.schemas('prefixItems') ?? [], rest: read.schema('items'), ...counts };
}

function readObject(read: KeywordReader): SchemaNode['object'] {
  const { min, max } = read.range('minProperties', 'maxProperties');
  const required = (read.list('required') ?? []).map((name) =>
    typeof name === 'string' ? name : read.refuse('required', '"required" must list names'),
  );
  const patterns = read.schemaMap('patternProperties').map(([text, node]) => ({
    pattern: { text, path: `${read.context.path}/patternProperties` },
    node,
  }));
  return {
    listsNames: read.has('properties') || required.length > 0,
    properties: new Map(read.schemaMap('properties')),
    patterns,
    additional: read.schema('additionalProperties'),
    names: read.schema('propertyNames'),
    required,
    minProperties: min,
    maxProperties: max,
  };
}

function readReference(read: KeywordReader): NodeId | undefined {
  const reference = read.text('$ref');
  return reference === undefined ? undefined : read.context.resolve(reference.text);
}

/**
 * A small valid value for a JSON schema, the same each time: what the scripted engine answers where a
 * schema is demanded and the script gives no text. The caller validates the result.
 */
import { GradusError } from '../../kernel/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts';
import { createPatternInstance } from './pattern-instance.ts';

const maxDepth = 40;

const formatExamples: Readonly<Record<string, string>> = {
  date: '2000-01-01',
  time: '00:00:00Z',
  'date-time': '2000-01-01T00:00:00Z',
  duration: 'P1D',
  email: 'a@example.org',
  hostname: 'example.org',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.org/',
  'uri-reference': '/',
  uuid: '00000000-0000-4000-8000-000000000000',
  regex: 'a',
  'json-pointer': '',
};

/** Throws `invalid-schema` when it finds no value. */
export function createInstance(schema: JsonObject): JsonValue {
  return build(schema, { root: schema, depth: 0, variant: 0 });
}

interface Place {
  readonly root: JsonObject;
  readonly depth: number;
  /** Which of several values is wanted, for arrays of unique items. */
  readonly variant: number;
}

function build(node: JsonValue | undefined, place: Place): JsonValue {
  if (place.depth > maxDepth) throw refuse('it requires values nested without end');
  if (node === false) throw refuse('a part of it allows no value');
  if (!isJsonObject(node)) return null;
  const schema = resolve(node, place);
  const deeper = { ...place, depth: place.depth + 1 };
  if (schema['const'] !== undefined) return schema['const'];
  const { enum: values } = schema;
  if (isArray(values) && values.length > 0) return values[place.variant % values.length] ?? null;
  for (const keyword of ['anyOf', 'oneOf']) {
    const alternatives = schema[keyword];
    if (isArray(alternatives)) return buildFirst(schema, keyword, alternatives, deeper);
  }
  switch (typeOf(schema)) {
    case 'object':
      return buildObject(schema, deeper);
    case 'array':
      return buildArray(schema, deeper);
    case 'string':
      return buildString(schema, place.variant);
    case 'integer':
      return buildNumber(schema, { isWhole: true, variant: place.variant });
    case 'number':
      return buildNumber(schema, { isWhole: false, variant: place.variant });
    case 'boolean':
      return place.variant % 2 === 1;
    default:
      return null;
  }
}

function refuse(reason: string): GradusError {
  return new GradusError('invalid-schema', { message: `No value fits the JSON schema: ${reason}.` });
}

function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Follows local references and folds `allOf` in. */
function resolve(node: JsonObject, place: Place): JsonObject {
  let schema = node;
  for (let hops = 0; typeof schema['$ref'] === 'string'; hops++) {
    if (hops > maxDepth) throw refuse('a reference leads to itself');
    const { $ref, ...rest } = schema;
    schema = merge(rest, follow($ref, place.root));
  }
  const { allOf, ...rest } = schema;
  if (!isArray(allOf)) return schema;
  return allOf.reduce<JsonObject>(
    (sum, part) => (isJsonObject(part) ? merge(sum, resolve(part, place)) : sum),
    rest,
  );
}

function follow(reference: string, root: JsonObject): JsonObject {
  let node: JsonValue | undefined = root;
  for (const part of reference.split('/').slice(1)) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    node = isJsonObject(node) ? node[key] : isArray(node) ? node[Number(key)] : undefined;
  }
  if (!reference.startsWith('#') || !isJsonObject(node)) throw refuse(`"${reference}" leads nowhere`);
  return node;
}

function merge(a: JsonObject, b: JsonObject): JsonObject {
  const merged: Record<string, JsonValue | undefined> = { ...a, ...b };
  const { properties: ownA, required: needA } = a;
  const { properties: ownB, required: needB } = b;
  if (isJsonObject(ownA) && isJsonObject(ownB)) merged['properties'] = { ...ownA, ...ownB };
  if (isArray(needA) && isArray(needB)) merged['required'] = [...needA, ...needB];
  return merged;
}

function buildFirst(
  schema: JsonObject,
  keyword: string,
  alternatives: readonly JsonValue[],
  place: Place,
): JsonValue {
  const { [keyword]: _, ...rest } = schema;
  let refusal: unknown = refuse(`${keyword} is empty`);
  for (const alternative of alternatives) {
    try {
      return build(isJsonObject(alternative) ? merge(rest, resolve(alternative, place)) : alternative, place);
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal;
}

function typeOf(schema: JsonObject): string {
  const { type } = schema;
  if (typeof type === 'string') return type;
  if (isArray(type)) return typeof type[0] === 'string' ? type[0] : 'null';
  const has = (...keys: readonly string[]): boolean => keys.some((key) => schema[key] !== undefined);
  if (has('properties', 'required', 'additionalProperties', 'minProperties')) return 'object';
  if (has('items', 'prefixItems', 'minItems', 'contains')) return 'array';
  if (has('pattern', 'minLength', 'maxLength', 'format')) return 'string';
  if (has('minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf')) return 'number';
  return 'null';
}

function buildObject(schema: JsonObject, place: Place): JsonObject {
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  const required = isArray(schema['required']) ? schema['required'].map(String) : [];
  const least = numberOf(schema['minProperties']) ?? 0;
  const names = new Set(required);
  for (const name of Object.keys(properties)) if (names.size < least) names.add(name);
  for (let i = 1; names.size < least; i++) names.add(`key${i}`);
  const value: Record<string, JsonValue> = {};
  for (const name of names) value[name] = build(schemaOf(name, properties, schema), place);
  return value;
}

function schemaOf(name: string, properties: JsonObject, schema: JsonObject): JsonValue | undefined {
  if (properties[name] !== undefined) return properties[name];
  const patterns = isJsonObject(schema['patternProperties']) ? schema['patternProperties'] : {};
  for (const [pattern, found] of Object.entries(patterns)) if (new RegExp(pattern).test(name)) return found;
  return schema['additionalProperties'];
}

function buildArray(schema: JsonObject, place: Place): readonly JsonValue[] {
  const prefix = isArray(schema['prefixItems']) ? schema['prefixItems'] : [];
  const contained = schema['contains'] === undefined ? 0 : (numberOf(schema['minContains']) ?? 1);
  const length = Math.max(numberOf(schema['minItems']) ?? 0, contained);
  return Array.from({ length }, (_, i) =>
    build(prefix[i] ?? (i < contained ? schema['contains'] : schema['items']), {
      ...place,
      variant: schema['uniqueItems'] === true ? i : 0,
    }),
  );
}

function buildString(schema: JsonObject, variant: number): string {
  const { pattern, format } = schema;
  const least = numberOf(schema['minLength']) ?? 0;
  if (typeof pattern === 'string') {
    const text = createPatternInstance(pattern);
    if (text === undefined) throw refuse(`the scripted engine finds no text for the pattern "${pattern}"`);
    return text.padEnd(least, text.at(-1) ?? 'a');
  }
  if (typeof format === 'string' && formatExamples[format] !== undefined) return formatExamples[format];
  return 'a'.repeat(least + variant);
}

function buildNumber(
  schema: JsonObject,
  { isWhole, variant }: { isWhole: boolean; variant: number },
): number {
  const step = numberOf(schema['multipleOf']) ?? (isWhole ? 1 : 0);
  const above = numberOf(schema['exclusiveMinimum']);
  const below = numberOf(schema['exclusiveMaximum']);
  const least = Math.max(numberOf(schema['minimum']) ?? -Infinity, above ?? -Infinity);
  const most = Math.min(numberOf(schema['maximum']) ?? Infinity, below ?? Infinity);
  const fits = (value: number): boolean =>
    value >= least && value <= most && value !== above && value !== below;
  if (fits(0) && variant === 0) return 0;
  const start = Number.isFinite(least) ? least : Number.isFinite(most) ? most : 0;
  const stride = step === 0 ? 1 : step;
  const direction = Number.isFinite(least) || !Number.isFinite(most) ? 1 : -1;
  const base =
    step === 0 ? start : (direction === 1 ? Math.ceil(start / step) : Math.floor(start / step)) * step;
  const shift = fits(base) ? variant : variant + 1;
  const value = base + direction * shift * stride;
  if (!fits(value) && !isWhole && fits((least + most) / 2)) return (least + most) / 2;
  if (!fits(value)) throw refuse(`no number lies between ${least} and ${most}`);
  return value;
}

function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

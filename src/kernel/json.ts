/** JSON as types, and one canonical text for a value, so that equal values can be compared and hashed. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The canonical text of a JSON value: keys sorted by code unit, no spaces, numbers as ECMAScript prints
 * them (RFC 8785 for values that JSON.parse can produce). Equal values give equal texts.
 */
export function toCanonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map((entry: JsonValue) => toCanonicalJson(entry)).join(',')}]`;
  if (isJsonObject(value)) {
    const parts: string[] = [];
    for (const key of Object.keys(value).sort()) {
      const entry = value[key];
      if (entry !== undefined) parts.push(`${JSON.stringify(key)}:${toCanonicalJson(entry)}`);
    }
    return `{${parts.join(',')}}`;
  }
  return JSON.stringify(value);
}

/** A JSON schema validator that is not ours, for tests: Ajv with its formats, for draft 2020-12 or draft-07. */
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { JsonObject, JsonValue } from '../kernel/json.ts';

export function createSchemaValidator(
  schema: JsonObject,
  draft: '2020-12' | 'draft-07' = '2020-12',
): (value: JsonValue) => boolean {
  const options = { strict: false, logger: false } as const;
  const ajv = draft === '2020-12' ? new Ajv2020(options) : new Ajv(options);
  addFormats.default(ajv);
  return ajv.compile(schema);
}

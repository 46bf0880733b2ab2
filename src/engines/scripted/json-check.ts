/** Validates JSON values against JSON Schema, with compiled schemas kept for the next request. */
import addFormats from 'ajv-formats';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { GradusError } from '../../kernel/errors.ts';
import type { JsonObject, JsonValue } from '../../kernel/json.ts';

const keptSchemas = 64;

export class JsonChecker {
  readonly #compiled = new Map<string, ValidateFunction>();

  /** Undefined when the value fits, else what is wrong. Throws `invalid-schema` for a schema that is none. */
  findFault(schema: JsonObject, value: JsonValue): string | undefined {
    const validate = this.#compile(schema);
    if (validate(value)) return undefined;
    const [error] = validate.errors ?? [];
    return `${error?.instancePath === '' ? 'the value' : (error?.instancePath ?? '')} ${error?.message ?? 'does not fit'}`;
  }

  #compile(schema: JsonObject): ValidateFunction {
    const key = JSON.stringify(schema);
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const ajv = new Ajv2020({ strict: false, addUsedSchema: false, validateFormats: true });
    addFormats.default(ajv);
    let validate: ValidateFunction;
    try {
      validate = ajv.compile(schema);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new GradusError(
        'invalid-schema',
        { message: `The JSON schema is not usable: ${reason}` },
        { cause },
      );
    }
    const [oldest] = this.#compiled.keys();
    if (oldest !== undefined && this.#compiled.size >= keptSchemas) this.#compiled.delete(oldest);
    this.#compiled.set(key, validate);
    return validate;
  }
}

/** Validates JSON values against JSON Schema, with compiled schemas kept for the next request. */
import addFormats from 'ajv-formats';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { GradusError } from '../../kernel/errors.ts';
import type { JsonObject, JsonValue } from '../../kernel/json.ts';

const keptSchemas = 64;

export class JsonChecker {
  readonly #ajv: Ajv2020;
  readonly #compiled = new Map<
    string,
    { readonly schema: JsonObject; readonly validate: ValidateFunction }
  >();

  constructor() {
    this.#ajv = new Ajv2020({ strict: false, addUsedSchema: false, validateFormats: true });
    addFormats.default(this.#ajv);
  }

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
    if (known !== undefined) return known.validate;
    // The dialect's name is left out: clients send older ones, and what they use of them is the same.
    const { $schema: _dialect, ...plain } = schema;
    let validate: ValidateFunction;
    try {
      validate = this.#ajv.compile(plain);
    } catch (cause) {
      this.#ajv.removeSchema(plain);
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new GradusError(
        'invalid-schema',
        { message: `The JSON schema is not usable: ${reason}` },
        { cause },
      );
    }
    const [oldest] = this.#compiled;
    if (oldest !== undefined && this.#compiled.size >= keptSchemas) {
      this.#compiled.delete(oldest[0]);
      this.#ajv.removeSchema(oldest[1].schema);
    }
    this.#compiled.set(key, { schema: plain, validate });
    return validate;
  }
}

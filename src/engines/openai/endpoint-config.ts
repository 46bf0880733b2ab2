/** One entry of `endpoints` in gradus.json: an OpenAI-compatible server, what it can do and how hard it may be asked. */
import { z } from 'zod';
import { isJsonObject, type JsonObject } from '../../kernel/json.ts';

/** What the endpoint can do beyond the common ground of all such endpoints. */
export interface EndpointCapabilities {
  /** Takes a GBNF grammar in the field `grammar`, as llama-server does. Default: no. */
  readonly grammar: boolean;
  /** Default: yes, as for images and embeddings; an endpoint that cannot says so itself. */
  readonly logprobs: boolean;
  readonly images: boolean;
  readonly embeddings: boolean;
  /**
   * How it goes on with an answer that has begun. `vllm`: by `continue_final_message`; `prefill`: a
   * conversation that ends with an assistant message is gone on with, as llama-server does. Default: not.
   */
  readonly continues: false | 'vllm' | 'prefill';
  /** Has `/completions` for raw prompts. Default: no. */
  readonly rawPrompts: boolean;
  /** The model thinks in a segment of its own. Default: no. */
  readonly thinks: boolean;
  /** Takes `top_k` and `min_p`. Default: no. */
  readonly topKAndMinP: boolean;
  /** Gives token ids when asked with `return_token_ids`, as vLLM does; then tokens are counted exactly. Default: no. */
  readonly tokenIds: boolean;
  /**
   * How it is made to call a tool. `native`, the default: by `tool_choice`. `schema`: by the JSON schema of
   * a call, for endpoints such as llama-server that take a choice and do not keep it.
   */
  readonly forcedCalls: 'native' | 'schema';
  /** Wants the thought of earlier turns back as `reasoning_content`. Default: no. */
  readonly earlierThought: boolean;
}

export interface EndpointModel {
  /** The name that Gradus shows. */
  readonly id: string;
  /** The endpoint's own name for it; default: `id`. */
  readonly upstream?: string;
  readonly contextTokens?: number;
  /** Where this model differs from the endpoint. */
  readonly capabilities: Partial<EndpointCapabilities>;
  /** Added to every request body for this model, after the endpoint's own. */
  readonly extraBody: JsonObject;
}

export interface EndpointLimits {
  /** HTTP requests at once. Default: 16. */
  readonly concurrency: number;
  /** Requests that may wait for one of them. Default: 256. */
  readonly queue: number;
  readonly requestsPerMinute?: number;
  /** Of models that do not say it themselves. */
  readonly contextTokens?: number;
  /** The longest silence: until the answer begins, and between two pieces of it. Default: two minutes. */
  readonly timeoutMs: number;
  /** Default: ten seconds. */
  readonly connectTimeoutMs: number;
}

export interface EndpointConfig {
  /** How messages and metrics call it. */
  readonly name: string;
  /** With the version, as in `http://127.0.0.1:8000/v1`. */
  readonly baseUrl: string;
  /** The environment variable that holds the key; absent: no key is sent. */
  readonly apiKeyEnv?: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `discover`, the default, asks the endpoint's own list. */
  readonly models: 'discover' | readonly EndpointModel[];
  readonly limits: EndpointLimits;
  /** How often a request is tried again that gave no token yet. Default: 2. */
  readonly retries: number;
  /**
   * After so many failures in a row (default: 5) the endpoint is left alone for `probeAfterMs` (default:
   * 5000), then asked with one request.
   */
  readonly breaker: { readonly failures: number; readonly probeAfterMs: number };
  /** `n`, the default: one request for all samples; `parallel`: one each, for endpoints that know no `n`. */
  readonly samples: 'n' | 'parallel';
  /** Whether `usage` tells the tokens of one choice only when several were asked for, as llama-server's does. */
  readonly usageIsWrongForN: boolean;
  /** Default: `max_tokens`, which nearly all endpoints take. */
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens';
  readonly capabilities: EndpointCapabilities;
  /** Added to every request body; `null` takes a field out. */
  readonly extraBody: JsonObject;
}

const jsonObject = z.custom<JsonObject>(isJsonObject, 'expected a JSON object');
const positive = z.int().positive();
const capabilityFields = {
  grammar: z.boolean(),
  logprobs: z.boolean(),
  images: z.boolean(),
  embeddings: z.boolean(),
  continues: z.union([z.literal(false), z.enum(['vllm', 'prefill'])]),
  rawPrompts: z.boolean(),
  thinks: z.boolean(),
  topKAndMinP: z.boolean(),
  tokenIds: z.boolean(),
  forcedCalls: z.enum(['native', 'schema']),
  earlierThought: z.boolean(),
};
const defaultCapabilities: EndpointCapabilities = {
  grammar: false,
  logprobs: true,
  images: true,
  embeddings: true,
  continues: false,
  rawPrompts: false,
  thinks: false,
  topKAndMinP: false,
  tokenIds: false,
  forcedCalls: 'native',
  earlierThought: false,
};
const someCapabilities = z.strictObject({
  grammar: capabilityFields.grammar.exactOptional(),
  logprobs: capabilityFields.logprobs.exactOptional(),
  images: capabilityFields.images.exactOptional(),
  embeddings: capabilityFields.embeddings.exactOptional(),
  continues: capabilityFields.continues.exactOptional(),
  rawPrompts: capabilityFields.rawPrompts.exactOptional(),
  thinks: capabilityFields.thinks.exactOptional(),
  topKAndMinP: capabilityFields.topKAndMinP.exactOptional(),
  tokenIds: capabilityFields.tokenIds.exactOptional(),
  forcedCalls: capabilityFields.forcedCalls.exactOptional(),
  earlierThought: capabilityFields.earlierThought.exactOptional(),
});
const modelSchema = z.strictObject({
  id: z.string().min(1),
  upstream: z.string().min(1).exactOptional(),
  contextTokens: positive.exactOptional(),
  capabilities: someCapabilities.default({}),
  extraBody: jsonObject.default({}),
});

/** Parses one endpoint and fills in what it does not say. */
export const endpointSchema: z.ZodType<EndpointConfig> = z.strictObject({
  name: z.string().regex(/^[\w.-]+$/, 'expected letters, digits, ".", "_" or "-"'),
  baseUrl: z.url({ protocol: /^https?$/, error: 'expected an http or https address' }),
  apiKeyEnv: z.string().min(1).exactOptional(),
  headers: z.record(z.string(), z.string()).default({}),
  models: z
    .union([
      z.literal('discover'),
      z
        .array(
          z.union([
            z
              .string()
              .min(1)
              .transform((id): EndpointModel => ({ id, capabilities: {}, extraBody: {} })),
            modelSchema,
          ]),
        )
        .min(1),
    ])
    .default('discover'),
  limits: z
    .strictObject({
      concurrency: positive.default(16),
      queue: z.int().min(0).default(256),
      requestsPerMinute: positive.exactOptional(),
      contextTokens: positive.exactOptional(),
      timeoutMs: positive.default(120_000),
      connectTimeoutMs: positive.default(10_000),
    })
    .prefault({}),
  retries: z.int().min(0).max(10).default(2),
  breaker: z
    .strictObject({ failures: positive.default(5), probeAfterMs: positive.default(5000) })
    .prefault({}),
  samples: z.enum(['n', 'parallel']).default('n'),
  usageIsWrongForN: z.boolean().default(false),
  maxTokensField: z.enum(['max_tokens', 'max_completion_tokens']).default('max_tokens'),
  capabilities: someCapabilities
    .transform((some): EndpointCapabilities => ({ ...defaultCapabilities, ...some }))
    .prefault({}),
  extraBody: jsonObject.default({}),
});

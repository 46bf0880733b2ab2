/** The API document (OpenAPI 3.1), made from the route table and the very schemas that check the bodies. */
import { z } from 'zod';
import type { JsonObject } from '../kernel/json.ts';
import type { NamedSchema, Route } from './routes.ts';
import { errorBody } from './wire/error.ts';

const errorSchema: NamedSchema = { name: 'Error', schema: errorBody };

export interface ApiDocument extends JsonObject {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
  readonly components: {
    readonly schemas: { readonly [name: string]: JsonObject };
    readonly securitySchemes: JsonObject;
  };
}

export interface Operation extends JsonObject {
  readonly summary: string;
  readonly description?: string;
}

export function createApiDocument(routes: readonly Route[], version: string): ApiDocument {
  const paths: Record<string, Record<string, Operation>> = {};
  const used = new Map<string, z.ZodType>([[errorSchema.name, errorSchema.schema]]);
  for (const route of routes) {
    for (const each of [route.request, route.response, route.chunk]) {
      if (each !== undefined) used.set(each.name, each.schema);
    }
    const path = route.shownPath ?? route.path;
    (paths[path] ??= {})[route.method.toLowerCase()] = toOperation(route, path);
  }
  const schemas: Record<string, JsonObject> = {};
  for (const [name, schema] of used) schemas[name] = toJsonSchema(schema);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Gradus',
      version,
      description: 'An OpenAI-compatible API of five levels on models that you hold.',
    },
    servers: [{ url: '/' }],
    security: [{}, { key: [] }],
    paths,
    components: { schemas, securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
  };
}

function toOperation(route: Route, path: string): Operation {
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name: name ?? '',
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  return {
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.isOpen === true ? { security: [{}] } : {}),
    ...(route.request === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': toRef(route.request) } } }),
    responses: {
      200: { description: 'Done', content: toContent(route) },
      default: {
        description: 'Failed; the status says how, the body why and what to do',
        content: { 'application/json': toRef(errorSchema) },
      },
    },
  };
}

function toContent(route: Route): JsonObject {
  return {
    ...(route.response === undefined ? {} : { 'application/json': toRef(route.response) }),
    ...(route.chunk === undefined ? {} : { 'text/event-stream': toRef(route.chunk) }),
    ...(route.contentType === undefined ? {} : { [route.contentType]: { schema: { type: 'string' } } }),
  };
}

function toRef(named: NamedSchema): JsonObject {
  return { schema: { $ref: `#/components/schemas/${named.name}` } };
}

function toJsonSchema(schema: z.ZodType): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
  });
  const text: unknown = JSON.parse(JSON.stringify(rest));
  if (!isObject(text)) throw new Error('a schema without an object form');
  return text;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

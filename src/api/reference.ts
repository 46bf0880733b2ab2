/** The API document as one page for people: made on the server, without scripts and without other hosts. */
import { html } from 'hono/html';
import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.ts';
import type { ApiDocument, Operation } from './openapi.ts';

type Html = ReturnType<typeof html>;

export async function toReferencePage(document: ApiDocument): Promise<string> {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const schemas = Object.entries(document.components.schemas);
  const page = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${document.info.title} API</title>
        <style>
          ${style}
        </style>
      </head>
      <body>
        <main>
          <h1>${document.info.title} API <small>${document.info.version}</small></h1>
          <p>${document.info.description} The same for programs: <a href="/openapi.json">openapi.json</a>.</p>
          <h2>Paths</h2>
          ${operations.map(({ path, method, operation }) => toSection(path, method, operation))}
          <h2>Objects</h2>
          ${schemas.map(
            ([name, schema]) =>
              html`<section id="${name}">
                <h3>${name}</h3>
                ${toFields(schema)}
              </section>`,
          )}
        </main>
      </body>
    </html>`;
  return page.toString();
}

const style = `
  :root { color-scheme: light dark; }
  body { font: 16px/1.5 system-ui, sans-serif; margin: 0; }
  main { max-width: 54rem; margin: 0 auto; padding: 1rem; }
  section { border-top: 1px solid #8886; padding: 0.5rem 0; }
  h3 { margin: 0.5rem 0; }
  code { font-size: 0.9em; }
  dl { margin: 0 0 0 1rem; }
  dt { margin-top: 0.5rem; }
  dd { margin-left: 1rem; }
  small, .type { opacity: 0.7; font-weight: normal; }
`;

function toSection(path: string, method: string, operation: Operation): Html {
  const request = refsOf(operation['requestBody']);
  const responses = refsOf(operation['responses']);
  return html`<section>
    <h3><code>${method} ${path}</code> ${operation.summary}</h3>
    ${operation.description === undefined ? '' : html`<p>${operation.description}</p>`}
    ${request.length === 0 ? '' : html`<p>Takes ${toLinks(request)}.</p>`}
    ${responses.length === 0 ? '' : html`<p>Gives ${toLinks(responses)}.</p>`}
  </section>`;
}

function toLinks(names: readonly string[]): readonly Html[] {
  return names.map(
    (name, index) => html`${index === 0 ? '' : ' or '}<a href="#${name}"><code>${name}</code></a>`,
  );
}

/** The names of all schemas that a part of the document points to. */
function refsOf(value: JsonValue | undefined): readonly string[] {
  const found = new Set<string>();
  const visit = (each: JsonValue | undefined): void => {
    if (Array.isArray(each)) each.forEach(visit);
    else if (isJsonObject(each)) {
      for (const [key, inner] of Object.entries(each)) {
        if (key === '$ref' && typeof inner === 'string') found.add(inner.split('/').at(-1) ?? inner);
        else visit(inner);
      }
    }
  };
  visit(value);
  return [...found];
}

function toFields(schema: JsonObject): Html | '' {
  const alternatives = alternativesOf(schema);
  if (alternatives.length > 0) return html`${alternatives.map(toFields)}`;
  if (isJsonObject(schema['items'])) return toFields(schema['items']);
  const properties = schema['properties'];
  if (!isJsonObject(properties)) return '';
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return html`<dl>
    ${Object.entries(properties).map(([name, field]) => {
      if (!isJsonObject(field)) return '';
      const description = field['description'];
      return html`<dt>
          <code>${name}</code>
          <span class="type">${toType(field)}${required.includes(name) ? ', required' : ''}</span>
        </dt>
        <dd>${typeof description === 'string' ? description : ''} ${toFields(field)}</dd>`;
    })}
  </dl>`;
}

function alternativesOf(schema: JsonObject): readonly JsonObject[] {
  const alternatives = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(alternatives) ? alternatives.filter(isJsonObject) : [];
}

/** A type in a few words: `text`, `number from 0 to 2`, `"auto" | "none"`, `list of object`. */
function toType(schema: JsonObject): string {
  const alternatives = alternativesOf(schema);
  if (alternatives.length > 0) {
    const names = alternatives.filter((each) => each['type'] !== 'null').map(toType);
    return [...new Set(names)].join(' | ');
  }
  if (schema['const'] !== undefined) return JSON.stringify(schema['const']);
  const values = schema['enum'];
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(' | ');
  switch (schema['type']) {
    case 'string':
      return 'text';
    case 'array':
      return isJsonObject(schema['items']) ? `list of ${toType(schema['items'])}` : 'list';
    case 'integer':
    case 'number': {
      const { minimum, maximum } = schema;
      const isWide = typeof maximum === 'number' && maximum >= Number.MAX_SAFE_INTEGER;
      const from = typeof minimum === 'number' && minimum > Number.MIN_SAFE_INTEGER ? ` from ${minimum}` : '';
      const to = typeof maximum === 'number' && !isWide ? ` to ${maximum}` : '';
      return `${schema['type']}${from}${to}`;
    }
    default:
      return typeof schema['type'] === 'string' ? schema['type'] : 'anything';
  }
}

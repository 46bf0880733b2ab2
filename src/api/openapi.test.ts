/** The API document tells the truth about the server: every path, every schema, every reference. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createApiFixture } from '../testing/api-fixture.ts';
import { createApiDocument, type ApiDocument } from './openapi.ts';
import { toReferencePage } from './reference.ts';
import { apiRoutes } from './routes.ts';

async function load(): Promise<ApiDocument> {
  await using fixture = createApiFixture();
  return (await fixture.client.json('/openapi.json')).body as ApiDocument;
}

describe('the API document', () => {
  test('has every path of the table and of itself, with its methods', async () => {
    const { paths } = await load();
    assert.deepEqual(
      Object.entries(paths).map(([path, methods]) => `${path} ${Object.keys(methods).join()}`),
      [
        '/v1/models get',
        '/v1/models/{id} get',
        '/v1/chat/completions post',
        '/v1/responses post',
        '/v1/responses/input_tokens post',
        '/v1/responses/compact post',
        '/v1/responses/{id} get,delete',
        '/v1/responses/{id}/cancel post',
        '/v1/responses/{id}/input_items get',
        '/v1/completions post',
        '/v1/embeddings post',
        '/health get',
        '/metrics get',
        '/openapi.json get',
        '/reference get',
      ],
    );
  });

  test('points to nothing that it does not hold', async () => {
    const document = await load();
    const text = JSON.stringify(document);
    const names = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref);
    assert.ok(names.length > 10);
    for (const ref of names) {
      const name = ref?.replace('#/components/schemas/', '') ?? '';
      assert.ok(name in document.components.schemas, ref);
    }
  });

  test('states what the checks hold: bounds, required fields, refusals and strictness', async () => {
    const { schemas } = (await load()).components;
    const chat = schemas['ChatCompletionRequest'] as {
      required: string[];
      additionalProperties: boolean;
      properties: Record<string, Record<string, unknown>>;
    };
    assert.deepEqual(chat.required, ['model', 'messages']);
    assert.equal(chat.additionalProperties, false);
    assert.deepEqual(chat.properties['temperature']?.['anyOf'], [
      { type: 'number', minimum: 0, maximum: 2 },
      { type: 'null' },
    ]);
    assert.deepEqual(chat.properties['service_tier']?.['enum'], [null, 'auto', 'default']);
    for (const [name, field] of Object.entries(chat.properties)) {
      assert.ok(['model', 'messages'].includes(name) || typeof field['description'] === 'string', name);
    }
  });
});

describe('the reference page', () => {
  test('shows every path and object, and asks no other host for anything', async () => {
    await using fixture = createApiFixture();
    const response = await fixture.client.send('/reference');
    const text = await response.text();
    assert.match(response.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
    for (const shown of [
      'POST /v1/chat/completions',
      'ChatCompletionRequest',
      'max_completion_tokens',
      'number from 0 to 2',
    ]) {
      assert.ok(text.includes(shown), shown);
    }
    assert.doesNotMatch(text, /(src|href)="(https?:)?\/\//);
    assert.doesNotMatch(text, /<script/);
  });

  test('writes text from the document as text, never as markup', async () => {
    const document = createApiDocument(apiRoutes, '<img src=x onerror=alert(1)>');
    assert.doesNotMatch(await toReferencePage(document), /<img/);
  });
});

/** Every path of the api in one table: the server, the 405 answers and the API document are made from it. */
import type { z } from 'zod';
import type { Api, ApiContext } from './api-context.ts';
import { createChatCompletion } from './chat/chat-completions.ts';
import { createCompletion } from './completions/completions.ts';
import { createEmbeddings } from './embeddings.ts';
import { answerHeaders } from './exchange.ts';
import { getHealth, getModel, listModels } from './models.ts';
import { chatCompletion, chatCompletionChunk, chatCompletionRequest } from './wire/chat-completion.ts';
import { completion, completionRequest } from './wire/completion.ts';
import { embeddingRequest, embeddingResponse } from './wire/embedding.ts';
import { compactResponse } from './responses/compaction.ts';
import { createResponse } from './responses/create-response.ts';
import { countInputTokens } from './responses/input-tokens.ts';
import { cancelResponse, deleteResponse, getResponse, listInputItems } from './responses/stored-responses.ts';
import { health, modelEntry, modelList } from './wire/model.ts';
import {
  compactedResponse,
  deletedResponse,
  responseItemList,
  responseObject,
  responseStreamEvent,
} from './wire/response.ts';
import { compactRequest, inputTokens, inputTokensRequest, responseRequest } from './wire/response-request.ts';

export interface NamedSchema {
  readonly name: string;
  readonly schema: z.ZodType;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As the router takes it. */
  readonly path: string;
  /** As people read it, when that differs. */
  readonly shownPath?: string;
  readonly summary: string;
  readonly description?: string;
  /** Answers without a key. */
  readonly isOpen?: boolean;
  readonly request?: NamedSchema;
  readonly response?: NamedSchema;
  /** What a stream's events hold, when the request asks for a stream. */
  readonly chunk?: NamedSchema;
  /** Of an answer that is not JSON. */
  readonly contentType?: string;
  handle(c: ApiContext, api: Api): Response | Promise<Response>;
}

export const apiRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/models',
    summary: 'List models',
    description: 'Every model at every level: `NAME` answers directly, `NAME:reason` thinks first.',
    response: { name: 'ModelList', schema: modelList },
    handle: listModels,
  },
  {
    method: 'GET',
    path: '/v1/models/:id{.+}',
    shownPath: '/v1/models/{id}',
    summary: 'Describe a model',
    response: { name: 'Model', schema: modelEntry },
    handle: getModel,
  },
  {
    method: 'POST',
    path: '/v1/chat/completions',
    summary: 'Answer a conversation',
    description: 'With `stream: true` the answer comes as server-sent events that end with `data: [DONE]`.',
    request: { name: 'ChatCompletionRequest', schema: chatCompletionRequest },
    response: { name: 'ChatCompletion', schema: chatCompletion },
    chunk: { name: 'ChatCompletionChunk', schema: chatCompletionChunk },
    handle: createChatCompletion,
  },
  {
    method: 'POST',
    path: '/v1/responses',
    summary: 'Make a response',
    description:
      'With `stream: true` it comes as numbered server-sent events; with `background: true` at once, unfinished. A stored response goes on when its client leaves.',
    request: { name: 'ResponseRequest', schema: responseRequest },
    response: { name: 'Response', schema: responseObject },
    chunk: { name: 'ResponseStreamEvent', schema: responseStreamEvent },
    handle: createResponse,
  },
  {
    method: 'POST',
    path: '/v1/responses/input_tokens',
    summary: 'Count the tokens that a model would read',
    request: { name: 'InputTokensRequest', schema: inputTokensRequest },
    response: { name: 'InputTokens', schema: inputTokens },
    handle: countInputTokens,
  },
  {
    method: 'POST',
    path: '/v1/responses/compact',
    summary: 'Make a long conversation short',
    description:
      'Gives the messages of the user and one item with a summary by the model; send them as the next input.',
    request: { name: 'CompactRequest', schema: compactRequest },
    response: { name: 'CompactedResponse', schema: compactedResponse },
    handle: compactResponse,
  },
  {
    method: 'GET',
    path: '/v1/responses/:id',
    shownPath: '/v1/responses/{id}',
    summary: 'Read a stored response, or follow it',
    description:
      'With `?stream=true` its events come from the first one, or from the one after `starting_after=N`, then live.',
    response: { name: 'Response', schema: responseObject },
    chunk: { name: 'ResponseStreamEvent', schema: responseStreamEvent },
    handle: getResponse,
  },
  {
    method: 'DELETE',
    path: '/v1/responses/:id',
    shownPath: '/v1/responses/{id}',
    summary: 'Delete a stored response',
    description: 'A run that is going on is cancelled first.',
    response: { name: 'DeletedResponse', schema: deletedResponse },
    handle: deleteResponse,
  },
  {
    method: 'POST',
    path: '/v1/responses/:id/cancel',
    shownPath: '/v1/responses/{id}/cancel',
    summary: 'Cancel a stored response',
    description: 'Also one that is not in the background. One that has ended is returned as it is.',
    response: { name: 'Response', schema: responseObject },
    handle: cancelResponse,
  },
  {
    method: 'GET',
    path: '/v1/responses/:id/input_items',
    shownPath: '/v1/responses/{id}/input_items',
    summary: 'List the items that a response was asked with',
    response: { name: 'ResponseItemList', schema: responseItemList },
    handle: listInputItems,
  },
  {
    method: 'POST',
    path: '/v1/completions',
    summary: 'Go on with a raw prompt',
    description: 'The prompt goes to the model as it is, without a chat format around it.',
    request: { name: 'CompletionRequest', schema: completionRequest },
    response: { name: 'Completion', schema: completion },
    chunk: { name: 'Completion', schema: completion },
    handle: createCompletion,
  },
  {
    method: 'POST',
    path: '/v1/embeddings',
    summary: 'Turn texts into vectors',
    request: { name: 'EmbeddingRequest', schema: embeddingRequest },
    response: { name: 'EmbeddingResponse', schema: embeddingResponse },
    handle: createEmbeddings,
  },
  {
    method: 'GET',
    path: '/health',
    summary: 'Say that the server is up',
    isOpen: true,
    response: { name: 'Health', schema: health },
    handle: getHealth,
  },
  {
    method: 'GET',
    path: '/metrics',
    summary: 'Counters in the Prometheus text format',
    contentType: 'text/plain',
    handle: async (c, api) =>
      new Response(await api.metrics.toText(), {
        headers: { ...answerHeaders(c, api), 'content-type': api.metrics.contentType },
      }),
  },
];

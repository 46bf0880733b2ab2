/** A bare OpenAI-compatible stream, for gateways that need something behind them. */
import { createServer } from 'node:http';
import { answerOrders, sharedNowMs } from './child.ts';
import { firstTokenDelayMs, shortAnswer } from './plan.ts';

const words = shortAnswer.split(' ');
const server = createServer((incoming, outgoing) => {
  const startedMs = sharedNowMs();
  incoming.resume();
  incoming.on('end', () => {
    setTimeout(() => {
      const stamp = `+${(sharedNowMs() - startedMs).toFixed(3)} `;
      if (incoming.headers['x-bench-stream'] !== 'true') {
        outgoing.writeHead(200, { 'content-type': 'application/json' });
        outgoing.end(
          JSON.stringify({
            id: 'chatcmpl-1',
            object: 'chat.completion',
            created: 1,
            model: 'scripted',
            choices: [
              {
                index: 0,
                message: { role: 'assistant', content: stamp + shortAnswer },
                finish_reason: 'stop',
              },
            ],
            usage: { prompt_tokens: 1, completion_tokens: 9, total_tokens: 10 },
          }),
        );
        return;
      }
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
      const chunk = (content: string, finish: string | null): string =>
        `data: ${JSON.stringify({
          id: 'chatcmpl-1',
          object: 'chat.completion.chunk',
          created: 1,
          model: 'scripted',
          choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: finish }],
        })}\n\n`;
      outgoing.write(chunk(stamp, null));
      for (const word of words) outgoing.write(chunk(word, null));
      outgoing.end(`${chunk('', 'stop')}data: [DONE]\n\n`);
    }, firstTokenDelayMs);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  answerOrders(typeof address === 'object' ? (address?.port ?? 0) : 0, {}, async () => {
    server.closeAllConnections();
    server.close();
  });
});

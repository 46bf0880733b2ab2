/** A first conversation with a running Gradus (`npm start`). In a project of your own, once before: npm install openai */
import OpenAI from 'openai';

const client = new OpenAI({ baseURL: 'http://127.0.0.1:4111/v1', apiKey: 'not needed' });

const stream = await client.chat.completions.create({
  model: 'qwen2.5-coder-1.5b-instruct',
  messages: [{ role: 'user', content: 'Write a haiku about a staircase.' }],
  stream: true,
});
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta.content ?? '');
}
process.stdout.write('\n');

/** The script that lets a scripted engine play a model for the prompts of the engine contract. */
import { contractPrompts } from './bench.ts';
import type { Script } from '../scripted/script.ts';

export const contractScript: Script = {
  rules: [
    {
      match: { lastUser: contractPrompts.long },
      reply: {
        text: Array.from({ length: 400 }, (_, i) => String(i + 1)).join(', '),
        tokensPerSecond: 2000,
        chunkSize: 1,
      },
    },
    {
      match: { lastUser: contractPrompts.short },
      reply: [{ text: 'red, green, blue' }, { text: 'cyan, pink, grey' }, { text: 'black, white, brown' }],
    },
  ],
};

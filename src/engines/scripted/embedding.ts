/** Embeddings without a model: each token is a fixed random direction, a text is their sum. Texts that share words are near. */
import { hashRandom01 } from '../../kernel/random.ts';
import { splitTokens } from './tokens.ts';

/** A vector of length 1; the same text gives the same vector. */
export function embedText(text: string, dimensions: number): Float32Array {
  const sum = new Float64Array(dimensions);
  const tokens = splitTokens(text.trim().toLowerCase());
  for (const token of tokens.length === 0 ? [''] : tokens) {
    const seed = hashText(token.trim());
    for (let i = 0; i < dimensions; i++) sum[i] = (sum[i] ?? 0) + hashRandom01(seed, 0, i) - 0.5;
  }
  let squares = 0;
  for (const value of sum) squares += value * value;
  return Float32Array.from(sum, (value) => value / Math.sqrt(squares));
}

/** FNV-1a over UTF-16 units. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

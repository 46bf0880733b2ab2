/** Text to token ids and back, with the pieces cached: every sampled token is looked up here. */
import type { NativeFunctions, Pointer } from '../native/functions.ts';

const controlAttribute = 8;
const userDefinedAttribute = 16;

export class Vocabulary {
  readonly size: number;
  readonly handle: Pointer;
  readonly #fn: NativeFunctions;
  readonly #pieces = new Map<number, Buffer>();
  readonly #ends = new Map<number, boolean>();
  readonly #controlTexts: readonly string[];

  constructor(fn: NativeFunctions, handle: Pointer) {
    this.#fn = fn;
    this.handle = handle;
    this.size = fn.vocabSize(handle);
    this.#controlTexts = this.#readControlTexts();
  }

  /** Texts such as `<|im_end|>` that stand for one control token when special text is parsed. */
  get controlTexts(): readonly string[] {
    return this.#controlTexts;
  }

  tokenize(text: string, options: { addSpecial: boolean; parseSpecial: boolean }): Int32Array {
    if (text === '' && !options.addSpecial) return new Int32Array(0);
    const bytes = Buffer.from(text, 'utf8');
    const out = new Int32Array(bytes.length + 8);
    const count = this.#fn.tokenize(
      this.handle,
      bytes,
      bytes.length,
      out,
      out.length,
      options.addSpecial,
      options.parseSpecial,
    );
    if (count < 0) throw new Error(`the tokenizer needs ${-count} places for ${bytes.length} bytes`);
    return out.slice(0, count);
  }

  /** The bytes of a token as text; control tokens have their own text, end marks included. */
  piece(token: number): Buffer {
    const known = this.#pieces.get(token);
    if (known !== undefined) return known;
    const buffer = Buffer.alloc(256);
    const count = this.#fn.tokenToPiece(this.handle, token, buffer, buffer.length, 0, true);
    let piece = buffer.subarray(0, Math.max(0, count));
    if (count < 0) {
      const larger = Buffer.alloc(-count);
      piece = larger.subarray(0, this.#fn.tokenToPiece(this.handle, token, larger, larger.length, 0, true));
    }
    const kept = Buffer.from(piece);
    this.#pieces.set(token, kept);
    return kept;
  }

  isEnd(token: number): boolean {
    let end = this.#ends.get(token);
    if (end === undefined) {
      end = this.#fn.isEndOfGeneration(this.handle, token);
      this.#ends.set(token, end);
    }
    return end;
  }

  /** The id of the control token with this text, or undefined when the text is several tokens. */
  controlToken(text: string): number | undefined {
    const tokens = this.tokenize(text, { addSpecial: false, parseSpecial: true });
    return tokens.length === 1 ? tokens[0] : undefined;
  }

  tokenText(token: number): string {
    return this.piece(token).toString('utf8');
  }

  get beginText(): string {
    const token = this.#fn.beginToken(this.handle);
    return token < 0 ? '' : this.tokenText(token);
  }

  get endText(): string {
    const token = this.#fn.endToken(this.handle);
    return token < 0 ? '' : this.tokenText(token);
  }

  #readControlTexts(): readonly string[] {
    const texts: string[] = [];
    for (let token = 0; token < this.size; token++) {
      const attributes = this.#fn.tokenAttributes(this.handle, token);
      if ((attributes & (controlAttribute | userDefinedAttribute)) === 0) continue;
      const text = this.#fn.tokenText(this.handle, token);
      if (text !== null && text.length > 1) texts.push(text);
    }
    return texts;
  }
}

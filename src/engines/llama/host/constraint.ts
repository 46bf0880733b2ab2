/**
 * A grammar that the next tokens must follow, on llama.cpp's own grammar sampler. A constraint may sleep
 * until a text appears (a tool call's opening mark), so that free text before it stays free.
 */
import koffi from 'koffi';
import { GradusError } from '../../../kernel/errors.ts';
import type { NativeFunctions, Pointer } from '../native/functions.ts';
import type { TokenFilter } from './sampler.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface ConstraintPlan {
  readonly grammar: string;
  /** The grammar holds from the end of this text on; absent: from the first token. */
  readonly wakesAfter: string | undefined;
}

const tokenDataBytes = 12;

/** Parses grammars once and hands out cheap copies. */
export class ConstraintSource implements Disposable {
  readonly #fn: NativeFunctions;
  readonly #vocabulary: Vocabulary;
  readonly #plan: ConstraintPlan;
  readonly #master: Pointer;

  /** Throws `invalid-schema` when llama.cpp cannot parse the grammar. */
  constructor(fn: NativeFunctions, vocabulary: Vocabulary, plan: ConstraintPlan) {
    this.#fn = fn;
    this.#vocabulary = vocabulary;
    this.#plan = plan;
    this.#master = fn.createGrammar(vocabulary.handle, plan.grammar, 'root');
    if (this.#master === null) {
      throw new GradusError('invalid-schema', {
        message: 'The grammar made from this schema was refused by llama.cpp; simplify the schema.',
      });
    }
  }

  create(): Constraint {
    return new Constraint(
      this.#fn,
      this.#vocabulary,
      this.#fn.cloneSampler(this.#master),
      this.#plan.wakesAfter,
    );
  }

  [Symbol.dispose](): void {
    this.#fn.freeSampler(this.#master);
  }
}

export class Constraint implements Disposable {
  readonly #fn: NativeFunctions;
  readonly #vocabulary: Vocabulary;
  readonly #sampler: Pointer;
  readonly #wakesAfter: string | undefined;
  readonly #filter: TokenFilter;
  #isAwake: boolean;
  #isDisposed = false;
  #recentText = '';

  constructor(fn: NativeFunctions, vocabulary: Vocabulary, sampler: Pointer, wakesAfter: string | undefined) {
    this.#fn = fn;
    this.#vocabulary = vocabulary;
    this.#sampler = sampler;
    this.#wakesAfter = wakesAfter;
    this.#isAwake = wakesAfter === undefined;
    this.#filter = {
      accepts: (token) => this.#keep(Int32Array.of(token)).length === 1,
      keep: (tokens) => this.#keep(tokens),
    };
  }

  get filter(): TokenFilter | undefined {
    return this.#isAwake && !this.#isDisposed ? this.#filter : undefined;
  }

  /** Tells the grammar which token was chosen. */
  accept(token: number, piece: Buffer): void {
    if (this.#isDisposed) return;
    if (this.#isAwake) {
      this.#fn.acceptToken(this.#sampler, token);
      return;
    }
    const mark = this.#wakesAfter ?? '';
    this.#recentText = (this.#recentText + piece.toString('utf8')).slice(-(mark.length + piece.length + 8));
    const at = this.#recentText.lastIndexOf(mark);
    if (at < 0) return;
    const rest = this.#recentText.slice(at + mark.length);
    this.#isAwake = true;
    // What the last token brought beyond the mark is part of what the grammar describes.
    for (const id of this.#vocabulary.tokenize(rest, { addSpecial: false, parseSpecial: false })) {
      // Accepting a token that the grammar forbids would end the process: better to sleep on.
      if (!this.#filter.accepts(id)) {
        this.#isDisposed = true;
        this.#fn.freeSampler(this.#sampler);
        return;
      }
      this.#fn.acceptToken(this.#sampler, id);
    }
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#fn.freeSampler(this.#sampler);
  }

  /** Runs llama.cpp's filter over candidates and reads back which kept a finite logit. */
  #keep(tokens: Int32Array): Int32Array {
    const memory = new ArrayBuffer(tokens.length * tokenDataBytes);
    const ids = new Int32Array(memory);
    const numbers = new Float32Array(memory);
    for (let i = 0; i < tokens.length; i++) ids[i * 3] = tokens[i] ?? 0;
    const candidates = {
      data: koffi.address(ids),
      size: tokens.length,
      selected: -1,
      sorted: false,
    };
    this.#fn.applySampler(this.#sampler, candidates);
    let size = 0;
    const kept = new Int32Array(tokens.length);
    for (let i = 0; i < tokens.length; i++) {
      if ((numbers[i * 3 + 1] ?? -Infinity) > -Infinity) kept[size++] = ids[i * 3] ?? 0;
    }
    return kept.subarray(0, size);
  }
}

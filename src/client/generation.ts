import type { GenerateResult } from "../protocol.ts";

/** A piece of an answer: the text that is now certain, and the tokens that came with it. */
export interface GenerateChunk {
  readonly text: string;
  readonly tokenIds: readonly number[];
}

/**
 * An answer in the making. Iterate it for the text as it comes, await `result` for the whole, or both. Leaving
 * the loop early cancels the request.
 */
export class Generation implements AsyncIterable<GenerateChunk> {
  /** Resolves when the answer is complete; rejects when it failed or was aborted. */
  readonly result: Promise<GenerateResult>;
  readonly #cancel: () => void;
  readonly #chunks: GenerateChunk[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  #resolve!: (result: GenerateResult) => void;
  #reject!: (reason: unknown) => void;

  /** @internal */
  constructor(cancel: () => void) {
    this.#cancel = cancel;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever only iterates learns of a failure there, and must not be told again by the console.
    this.result.catch(() => {});
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<GenerateChunk, void, undefined> {
    try {
      while (true) {
        yield* this.#chunks.splice(0);
        if (this.#chunks.length > 0) continue;
        if (this.#ended) break;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      await this.result;
    } finally {
      if (!this.#ended) this.#cancel();
    }
  }

  /** @internal */
  push(chunk: GenerateChunk): void {
    this.#chunks.push(chunk);
    this.#wake?.();
  }

  /** @internal */
  end(result: GenerateResult): void {
    this.#ended = true;
    this.#resolve(result);
    this.#wake?.();
  }

  /** @internal */
  fail(reason: unknown): void {
    this.#ended = true;
    this.#reject(reason);
    this.#wake?.();
  }
}

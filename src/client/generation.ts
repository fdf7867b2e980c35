import type { GenerateResult } from "../protocol.ts";

/** A piece of an answer: the text that is now certain, and the tokens that came with it. */
export interface GenerateChunk {
  readonly text: string;
  readonly tokenIds: readonly number[];
  /** Natural logarithm of each token's probability, where it was asked for. */
  readonly logprobs?: readonly number[];
}

/**
 * An answer in the making. Iterate it for the text as it comes, await `result` for the whole, or both. Every
 * iteration begins with the first piece. Leaving a loop early cancels the request.
 */
export class Generation implements AsyncIterable<GenerateChunk> {
  /** Resolves when the answer is complete; rejects when it failed, was aborted or left early. */
  readonly result: Promise<GenerateResult>;
  readonly #cancel: () => void;
  readonly #chunks: GenerateChunk[] = [];
  /** Iterations that wait for more. */
  #waiting: (() => void)[] = [];
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
      for (let i = 0; ; i++) {
        while (i === this.#chunks.length && !this.#ended) await this.#more();
        if (i === this.#chunks.length) break;
        yield this.#chunks[i]!;
      }
      await this.result;
    } finally {
      if (!this.#ended) {
        this.#cancel();
        this.fail(new DOMException("The answer was left before its end.", "AbortError"));
      }
    }
  }

  /** @internal */
  push(chunk: GenerateChunk): void {
    this.#chunks.push(chunk);
    this.#wake();
  }

  /** @internal */
  end(result: GenerateResult): void {
    this.#ended = true;
    this.#resolve(result);
    this.#wake();
  }

  /** @internal */
  fail(reason: unknown): void {
    this.#ended = true;
    this.#reject(reason);
    this.#wake();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}

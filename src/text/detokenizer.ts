import { byteOf, bytesOf } from "./byte-tokens.ts";
import type { DecoderStep } from "./decoder.ts";
import type { Tokenizer } from "./tokenizer.ts";

/**
 * Turns the tokens of one answer into text as they come. A character whose bytes are spread over tokens appears
 * with the last of them; special tokens leave no text. A push costs the same however long the answer is.
 */
export class StreamingDetokenizer {
  readonly #tokenizer: Tokenizer;
  readonly #steps: readonly Step[];

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
    this.#steps = tokenizer.decoder.map(stepOf);
  }

  /** The text that a token completes. */
  push(id: number): string {
    const token = this.#tokenizer.token(id);
    if (token === undefined) return "";
    const isLiteral = this.#tokenizer.isLiteral(id);
    return this.#steps.reduce((text, step) => step.push(text, isLiteral), token);
  }

  /** What is left at the end: U+FFFD for a character that was not completed, or nothing. */
  flush(): string {
    return this.#steps.reduce((text, step) => (text && step.push(text, false)) + step.flush(), "");
  }
}

interface Step {
  push(text: string, isLiteral: boolean): string;
  flush(): string;
}

function stepOf(step: DecoderStep): Step {
  switch (step.type) {
    case "byteLevel":
      return new Bytes((token, isLiteral) => (isLiteral ? undefined : bytesOf(token)));
    case "byteFallback":
      return new Bytes((token) => byteOf(token));
    case "replace":
      return stateless((text) => text.replaceAll(step.pattern, step.content));
    case "strip":
      return step.perToken
        ? stateless((text) => text.slice(leading(text, step.content, step.start)))
        : new LeadingStrip(step.content, step.start);
    default:
      return step satisfies never;
  }
}

function stateless(push: (text: string) => string): Step {
  return { push, flush: () => "" };
}

/** Joins the bytes of tokens into characters; a token that stands for no bytes ends their sequence. */
class Bytes implements Step {
  readonly #bytesOf: (token: string, isLiteral: boolean) => Uint8Array | undefined;
  // A byte order mark is text like any other.
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  constructor(bytesOfToken: (token: string, isLiteral: boolean) => Uint8Array | undefined) {
    this.#bytesOf = bytesOfToken;
  }

  push(token: string, isLiteral: boolean): string {
    const bytes = this.#bytesOf(token, isLiteral);
    return bytes ? this.#decoder.decode(bytes, { stream: true }) : this.flush() + token;
  }

  flush(): string {
    return this.#decoder.decode();
  }
}

/** Removes up to `count` copies of a character from the beginning of the whole text. */
class LeadingStrip implements Step {
  readonly #content: string;
  #count: number;

  constructor(content: string, count: number) {
    this.#content = content;
    this.#count = count;
  }

  push(text: string): string {
    const removed = leading(text, this.#content, this.#count);
    this.#count = removed < text.length ? 0 : this.#count - removed;
    return text.slice(removed);
  }

  flush(): string {
    return "";
  }
}

function leading(text: string, content: string, most: number): number {
  let count = 0;
  while (count < most && text[count] === content) count++;
  return count;
}

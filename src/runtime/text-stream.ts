import type { RequestEnd, TokenSink } from "../engine/request.ts";
import type { SampledToken } from "../engine/step.ts";
import type { StreamEvent } from "../protocol.ts";
import type { StreamingDetokenizer } from "../text/detokenizer.ts";
import type { StopMatcher } from "../text/stop-matcher.ts";

export interface TextStreamOptions {
  readonly id: number;
  readonly detokenizer: StreamingDetokenizer;
  readonly stops: StopMatcher;
  /** Whether log-probabilities are handed on. */
  readonly logprobs: boolean;
  readonly emit: (event: StreamEvent) => void;
}

/** Turns a request's tokens into the text and events of its stream. */
export class TextStream implements TokenSink {
  readonly #options: TextStreamOptions;
  readonly #tokens: SampledToken[] = [];
  #text = "";

  constructor(options: TextStreamOptions) {
    this.#options = options;
  }

  /** True when a stop string is complete. */
  onToken(token: SampledToken): boolean {
    const { stops, detokenizer } = this.#options;
    this.#tokens.push(token);
    const { text, stopped } = stops.push(detokenizer.push(token.id));
    this.#send(text, [token]);
    return stopped;
  }

  onEnd({ reason, error, usage, timings }: RequestEnd): void {
    const { id, stops, detokenizer, emit } = this.#options;
    if (reason === "error") {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      emit({ id, type: "error", error: { name, message } });
      return;
    }
    // The page forgets a stream when it cancels it.
    if (reason === "cancelled") return;
    const rest = stops.push(detokenizer.flush()).text + stops.flush();
    if (rest) this.#send(rest, []);
    const result = {
      text: this.#text,
      ...this.#outputOf(this.#tokens),
      finishReason: reason,
      usage,
      timings,
    };
    emit({ id, type: "end", result });
  }

  #send(text: string, tokens: readonly SampledToken[]): void {
    this.#text += text;
    const { id, emit } = this.#options;
    emit({ id, type: "text", text, ...this.#outputOf(tokens) });
  }

  #outputOf(tokens: readonly SampledToken[]) {
    const tokenIds = tokens.map(({ id }) => id);
    return this.#options.logprobs
      ? { tokenIds, logprobs: tokens.map(({ logprob }) => logprob) }
      : { tokenIds };
  }
}

import type { RequestEnd, TokenSink } from "../engine/request.ts";
import type { SampledToken } from "../engine/step.ts";
import type { StreamEvent } from "../protocol.ts";
import type { StreamingDetokenizer } from "../text/detokenizer.ts";
import type { StopMatcher } from "../text/stop-matcher.ts";

/** Turns a request's tokens into the text and events of its stream. */
export class TextStream implements TokenSink {
  readonly #id: number;
  readonly #detokenizer: StreamingDetokenizer;
  readonly #stops: StopMatcher;
  readonly #emit: (event: StreamEvent) => void;
  readonly #tokenIds: number[] = [];
  #text = "";

  constructor(
    id: number,
    detokenizer: StreamingDetokenizer,
    stops: StopMatcher,
    emit: (event: StreamEvent) => void,
  ) {
    this.#id = id;
    this.#detokenizer = detokenizer;
    this.#stops = stops;
    this.#emit = emit;
  }

  /** True when a stop string is complete. */
  onToken({ id }: SampledToken): boolean {
    this.#tokenIds.push(id);
    const { text, stopped } = this.#stops.push(this.#detokenizer.push(id));
    this.#send(text, [id]);
    return stopped;
  }

  onEnd({ reason, error, usage, timings }: RequestEnd): void {
    if (reason === "error") {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      this.#emit({ id: this.#id, type: "error", error: { name, message } });
      return;
    }
    // The page forgets a stream when it cancels it.
    if (reason === "cancelled") return;
    const rest = this.#stops.push(this.#detokenizer.flush()).text + this.#stops.flush();
    if (rest) this.#send(rest, []);
    const result = { text: this.#text, tokenIds: this.#tokenIds, finishReason: reason, usage, timings };
    this.#emit({ id: this.#id, type: "end", result });
  }

  #send(text: string, tokenIds: readonly number[]): void {
    this.#text += text;
    this.#emit({ id: this.#id, type: "text", text, tokenIds });
  }
}

import type { GenerateResult, LoadedModel } from "../index.ts";
import { element, part } from "./element.ts";
import { formatBytes, formatCount, formatMs, formatRate } from "./format.ts";
import { adapterName } from "./model-panel.ts";

/** The line under the composer: speed, first token, context used, adapter, memory. */
export class Statistics {
  readonly #root = part("statistics");
  readonly #rate = item("stat-rate", "Tokens per second after the first token");
  readonly #first = item("stat-first-token", "From sending the message to the first token of the answer");
  readonly #context = item("stat-context", "Tokens of the context in use after this answer");
  readonly #adapter = item("stat-adapter", "What computes the answers");
  readonly #memory = item("stat-memory", "Planned memory: weights, KV cache and scratch");
  #model: LoadedModel | undefined;
  #firstTokenAt = 0;
  #tokensAfterFirst = 0;

  constructor() {
    this.#root.append(this.#rate, this.#first, this.#context, this.#adapter, this.#memory);
  }

  /** Shows what is known of a loaded model before it has answered, or nothing. */
  show(model: LoadedModel | undefined): void {
    this.#model = model;
    this.clear();
    const { memory, adapter } = model ?? {};
    const kind = model?.runner?.kind;
    const slow = adapter?.software === true && kind !== "wasm";
    this.#adapter.textContent = model ? adapterName(model) + (slow ? " (software adapter)" : "") : "";
    this.#adapter.title = model?.runner
      ? `What computes the answers, because ${model.runner.reason}`
      : "What computes the answers";
    this.#adapter.classList.toggle("warning", slow);
    this.#memory.textContent = memory
      ? `${formatBytes(memory.weightBytes + memory.kvBytes + memory.scratchBytes)} ${kind === "wasm" ? "memory" : "GPU memory"}`
      : "";
  }

  /** Forgets the last answer. */
  clear(): void {
    this.#firstTokenAt = 0;
    this.#tokensAfterFirst = 0;
    for (const each of [this.#rate, this.#first, this.#context]) each.textContent = "";
  }

  /** Counts tokens as they come, for the rate while an answer is written. */
  count(tokenCount: number): void {
    const now = performance.now();
    if (this.#firstTokenAt === 0) {
      this.#firstTokenAt = now;
      return;
    }
    this.#tokensAfterFirst += tokenCount;
    const seconds = (now - this.#firstTokenAt) / 1000;
    if (seconds > 0.25) this.#showRate(this.#tokensAfterFirst / seconds);
  }

  /** Shows the figures of a complete answer as the engine measured them. */
  finish({ usage, timings }: GenerateResult): void {
    const decodeMs = timings.totalMs - timings.firstTokenMs;
    if (usage.outputTokens > 1 && decodeMs > 0) this.#showRate(((usage.outputTokens - 1) * 1000) / decodeMs);
    this.#first.textContent = `first token ${formatMs(timings.firstTokenMs)}`;
    const used = formatCount(usage.promptTokens + usage.outputTokens);
    this.#context.textContent = `context ${used} of ${formatCount(this.#model?.contextLen ?? 0)}`;
  }

  #showRate(rate: number): void {
    this.#rate.textContent = `${formatRate(rate)} tokens/s`;
  }
}

function item(testId: string, title: string): HTMLSpanElement {
  return element("span", { "data-testid": testId, title });
}

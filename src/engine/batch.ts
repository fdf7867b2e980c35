import type { Request } from "./request.ts";
import { MAX_DECODE_TOKENS, SAMPLED, type SequenceStep, type StepPlan } from "./step.ts";

export interface BatchEntry {
  readonly request: Request;
  readonly step: SequenceStep;
}

/** The requests of one step, and what each has computed in it. */
export class Batch {
  readonly #decodes: BatchEntry[] = [];
  readonly #chunks: BatchEntry[] = [];
  readonly #blockSize: number;
  #tokenBudget: number;

  constructor(tokenBudget: number, blockSize: number) {
    this.#tokenBudget = tokenBudget;
    this.#blockSize = blockSize;
  }

  /** Tokens that still find room. */
  get tokenBudget(): number {
    return this.#tokenBudget;
  }

  /** In the order of the plan: short sequences first. */
  get entries(): readonly BatchEntry[] {
    return [...this.#decodes, ...this.#chunks];
  }

  get plan(): StepPlan {
    return { sequences: this.entries.map(({ step }) => step) };
  }

  get tokenCount(): number {
    return this.entries.reduce((sum, { step }) => sum + step.tokens.length, 0);
  }

  /** Carries a running request forward by its next `count` tokens and the drafts after them. */
  add(request: Request, count: number, drafts: readonly number[] = [], entersSlot = false): void {
    const step = this.#stepOf(request, count, drafts, entersSlot);
    const inputCount = step.tokens.length;
    (inputCount <= MAX_DECODE_TOKENS ? this.#decodes : this.#chunks).push({ request, step });
    this.#tokenBudget -= inputCount;
    request.computedTokens += inputCount;
    request.verifying = drafts.length > 0;
    if (step.sampleCount > 0) request.pendingTokens++;
  }

  #stepOf(request: Request, count: number, drafts: readonly number[], entersSlot: boolean): SequenceStep {
    const { slot, computedTokens: position, tokens, promptTokens, sampling } = request;
    const end = position + count;
    const own = request.pendingTokens > 0 ? [SAMPLED] : tokens.slice(position, end);
    return {
      slot: slot!,
      tokens: [...own, ...drafts],
      position,
      blocks: request.blocks.slice(0, Math.ceil((end + drafts.length) / this.#blockSize)),
      sampleCount: end === request.tokenCount ? 1 + drafts.length : 0,
      sampling,
      ...(entersSlot && request.penalised
        ? { history: { prompt: tokens.slice(0, promptTokens), output: tokens.slice(promptTokens) } }
        : {}),
    };
  }
}

import type { Request } from "./request.ts";
import { MAX_DECODE_TOKENS, SAMPLED, type SequenceStep, type StepPlan } from "./step.ts";

/** What a step computes for one request. */
export interface BatchEntry {
  readonly request: Request;
  readonly step: SequenceStep;
}

/** A step as it leaves the scheduler, with the request behind each of its sequences. */
export class Batch {
  constructor(readonly entries: readonly BatchEntry[]) {}

  get plan(): StepPlan {
    return { sequences: this.entries.map(({ step }) => step) };
  }

  get tokenCount(): number {
    return this.entries.reduce((sum, { step }) => sum + step.tokens.length, 0);
  }
}

/** A request's share of a step that is being put together. */
interface Share {
  readonly position: number;
  readonly drafts: readonly number[];
  tokenCount: number;
}

/** Puts a step together under a token budget. */
export class BatchBuilder {
  readonly #blockSize: number;
  readonly #shares = new Map<Request, Share>();
  #tokenBudget: number;

  constructor(tokenBudget: number, blockSize: number) {
    this.#tokenBudget = tokenBudget;
    this.#blockSize = blockSize;
  }

  /** Tokens that still find room. */
  get tokenBudget(): number {
    return this.#tokenBudget;
  }

  /** Carries a running request forward by its next `count` tokens, and the drafts after them. */
  add(request: Request, count: number, drafts: readonly number[] = []): void {
    const share = this.#shares.get(request) ?? { position: request.computedTokens, drafts, tokenCount: 0 };
    this.#shares.set(request, share);
    share.tokenCount += count;
    request.computedTokens += count + drafts.length;
    this.#tokenBudget -= count + drafts.length;
  }

  /** The finished step, short sequences first, or `undefined` if it is empty. */
  build(): Batch | undefined {
    if (this.#shares.size === 0) return undefined;
    const entries = Array.from(this.#shares, ([request, share]) => this.#entry(request, share));
    const isDecode = ({ step }: BatchEntry) => step.tokens.length <= MAX_DECODE_TOKENS;
    return new Batch([...entries.filter(isDecode), ...entries.filter((entry) => !isDecode(entry))]);
  }

  #entry(request: Request, { position, tokenCount, drafts }: Share): BatchEntry {
    const { slot, tokens, promptTokens, sampling, penalised, entering } = request;
    const end = position + tokenCount;
    const own = request.pendingTokens > 0 ? [SAMPLED] : tokens.slice(position, end);
    const step: SequenceStep = {
      slot: slot!,
      tokens: [...own, ...drafts],
      position,
      blocks: request.blocks.slice(0, Math.ceil((end + drafts.length) / this.#blockSize)),
      sampleCount: end === request.tokenCount ? 1 + drafts.length : 0,
      sampling,
      ...(entering && penalised
        ? { history: { prompt: tokens.slice(0, promptTokens), output: tokens.slice(promptTokens) } }
        : {}),
    };
    request.entering = false;
    if (step.sampleCount > 0) request.pendingTokens++;
    return { request, step };
  }
}

import type { SequenceStep, StepPlan } from "../../src/engine/step.ts";
import type { RequestSpec, Scenario } from "./scenario.ts";

/**
 * Holds every plan of a scenario against what may be asked of it beyond the contract of a single step: budgets,
 * nothing computed that is not known, and whom a prefix may come from.
 */
export class PlanWitness {
  readonly #scenario: Scenario;
  readonly #specs: ReadonlyMap<unknown, RequestSpec>;
  /** Tokens there are of each request, once all plans so far have run; drafts count until they are judged. */
  readonly #knownTokens = new Map<RequestSpec, number>();
  /** By block: the salt of whoever wrote it last. */
  readonly #salts: string[] = [];
  #stepCount = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#specs = new Map(scenario.requests.map((spec) => [spec.sampling, spec]));
  }

  see({ sequences }: StepPlan): void {
    const { options, limits, requests } = this.#scenario;
    const { stepTokens = limits.maxStepTokens } = options;
    const tokenCount = sequences.reduce((sum, { tokens }) => sum + tokens.length, 0);
    if (tokenCount > stepTokens) throw new Error(`${tokenCount} tokens in a step of ${stepTokens}`);
    // Preemption may compute a request anew for each token of all others, and no oftener.
    const texts = requests.reduce((sum, { promptIds }) => sum + promptIds.length + limits.contextLen, 0);
    if (++this.#stepCount > 20 * texts) throw new Error(`${this.#stepCount} steps, and no end`);
    for (const sequence of sequences) this.#seeSequence(sequence);
  }

  #seeSequence(sequence: SequenceStep): void {
    const spec = this.#specs.get(sequence.sampling);
    if (!spec) throw new Error("a sequence of no request");
    const { position, tokens, sampleCount } = sequence;
    const known = this.#knownTokens.get(spec);
    if (known === undefined) this.#seeFirst(spec, position);
    const end = position + tokens.length - Math.max(0, sampleCount - 1);
    const limit = known ?? spec.promptIds.length;
    if (end > limit) throw new Error(`positions up to ${end} of ${limit} known tokens`);
    this.#knownTokens.set(spec, limit + sampleCount);
    this.#seeBlocks(spec, sequence);
  }

  #seeFirst({ promptIds }: RequestSpec, cachedTokens: number): void {
    const { limits, options } = this.#scenario;
    if (cachedTokens === 0) return;
    if (options.prefixCache === false) throw new Error(`${cachedTokens} tokens cached without a cache`);
    if (cachedTokens % limits.blockSize !== 0 || cachedTokens >= promptIds.length) {
      throw new Error(
        `${cachedTokens} of ${promptIds.length} prompt tokens cached in blocks of ${limits.blockSize}`,
      );
    }
  }

  #seeBlocks({ salt }: RequestSpec, { position, tokens, blocks }: SequenceStep): void {
    const { blockSize } = this.#scenario.limits;
    for (const block of blocks.slice(0, Math.ceil(position / blockSize))) {
      const writer = this.#salts[block];
      if (writer !== salt)
        throw new Error(`salt "${salt}" reads block ${block}, which salt "${writer}" wrote`);
    }
    const last = Math.floor((position + tokens.length - 1) / blockSize);
    for (let i = Math.floor(position / blockSize); i <= last; i++) this.#salts[blocks[i]!] = salt;
  }
}

import { SAMPLED, type Sampling, type SequenceStep, type StepPlan } from "../../src/engine/step.ts";
import { greedy } from "./greedy.ts";
import { Random } from "./random.ts";

interface Sequence {
  readonly slot: number;
  readonly blocks: readonly number[];
  readonly sampling: Sampling;
  length: number;
  /** Its next token is the one sampled last. After drafts, of which several are sampled, only a host can tell which. */
  sampled: boolean;
}

export interface RandomPlansOptions {
  readonly seed: number;
  readonly slotCount: number;
  readonly vocabSize: number;
  readonly blockSize: number;
  /** Positions of a sequence, and room each has. */
  readonly contextLen: number;
  /** Input tokens of a step at most. */
  readonly stepTokens: number;
}

export type BatchKind = "decode" | "prefill" | "mixed";

/**
 * Steps as an engine makes them, of a kind that the caller names: a sequence per slot, each in blocks of its own
 * that lie scattered, prompts in chunks of random length, one token at a time from then on, and drafts now and then.
 */
export class RandomPlans {
  readonly #random: Random;
  readonly #options: RandomPlansOptions;
  readonly #sequences: Sequence[];

  constructor(options: RandomPlansOptions) {
    const { slotCount, contextLen, blockSize } = options;
    this.#random = new Random(options.seed);
    this.#options = options;
    this.#sequences = Array.from({ length: slotCount }, (_, slot) => ({
      slot,
      blocks: Array.from(
        { length: Math.ceil(contextLen / blockSize) },
        (_, i) => (i + 1) * slotCount - 1 - slot,
      ),
      sampling: slot % 2 === 0 ? greedy : { ...greedy, temperature: 1, topK: 20, topP: 0.9, seed: slot },
      length: 0,
      sampled: false,
    }));
  }

  next(kind: BatchKind): StepPlan {
    const random = this.#random;
    const order = this.#sequences.toSorted(() => random.next() - 0.5);
    const count = 1 + random.integer(order.length);
    const share = Math.floor(this.#options.stepTokens / count);
    const steps = order.slice(0, count).map((sequence, i) => {
      const decodes = kind === "decode" || (kind === "mixed" && i < count / 2);
      return decodes ? this.#decode(sequence) : this.#chunk(sequence, share);
    });
    return { sequences: steps.toSorted((a, b) => Number(isChunk(a)) - Number(isChunk(b))) };
  }

  #decode(sequence: Sequence): SequenceStep {
    const draftCount = this.#random.integer(4) === 0 ? 1 + this.#random.integer(4) : 0;
    if (sequence.length + 1 + draftCount > this.#options.contextLen) this.#restart(sequence);
    const first = sequence.sampled ? SAMPLED : this.#token();
    return this.#step(sequence, [first, ...this.#tokens(draftCount)], 1 + draftCount);
  }

  #chunk(sequence: Sequence, share: number): SequenceStep {
    const count = Math.max(1, Math.min(share, 1 + this.#random.integer(40)));
    if (sequence.length + count > this.#options.contextLen) this.#restart(sequence);
    return this.#step(sequence, this.#tokens(count), this.#random.integer(2));
  }

  #step(sequence: Sequence, tokens: number[], sampleCount: number): SequenceStep {
    const { slot, blocks, sampling, length: position } = sequence;
    sequence.length += tokens.length;
    sequence.sampled = sampleCount === 1;
    const used = blocks.slice(0, Math.ceil(sequence.length / this.#options.blockSize));
    return { slot, tokens, position, blocks: used, sampleCount, sampling };
  }

  #restart(sequence: Sequence): void {
    sequence.length = 0;
    sequence.sampled = false;
  }

  #tokens(count: number): number[] {
    return Array.from({ length: count }, () => this.#token());
  }

  #token(): number {
    return this.#random.integer(this.#options.vocabSize);
  }
}

function isChunk({ tokens }: SequenceStep): boolean {
  return tokens.length > 8;
}

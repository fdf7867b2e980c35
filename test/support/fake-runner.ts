import {
  MAX_DECODE_TOKENS,
  type Runner,
  type RunnerLimits,
  SAMPLED,
  type SampledToken,
  type Sampling,
  type SequenceStep,
  type StepPlan,
  type StepResult,
} from "../../src/engine/step.ts";

export interface FakeRunnerOptions {
  /** Awaited before a step's result is there, given the step's number. */
  readonly delay?: (step: number) => Promise<void>;
  /** Whether the step of this number rejects. */
  readonly fails?: (step: number) => boolean;
  /** Sees each plan as it is submitted. */
  readonly onPlan?: (plan: StepPlan) => void;
}

/**
 * A language model made of hashes over a paged KV cache. A cell holds a token and a hash over *all cells before
 * it as read through the block table*, and what is sampled depends on the same, so that a wrong block, a missing
 * write, a stale or early read or a wrong position changes the output (and the log-probability of every token
 * after it). Also checks every plan against the contract in src/engine/step.ts.
 */
export class FakeRunner implements Runner {
  stepCount = 0;
  disposed = false;
  /** Largest number of submitted steps without a result. */
  deepest = 0;
  readonly #options: FakeRunnerOptions;
  readonly #cellTokens: Int32Array;
  readonly #cellHashes: Int32Array;
  readonly #lastSampled: number[];
  readonly #histories: TokenCounts[];
  #unfinished = 0;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(
    readonly limits: RunnerLimits,
    options: FakeRunnerOptions = {},
  ) {
    this.#options = options;
    const cellCount = limits.blockCount * limits.blockSize;
    this.#cellTokens = new Int32Array(cellCount).fill(-7);
    this.#cellHashes = new Int32Array(cellCount).fill(-7);
    this.#lastSampled = new Array(limits.maxSequences).fill(Number.NaN);
    this.#histories = Array.from({ length: limits.maxSequences }, () => new TokenCounts([], [99]));
  }

  execute(plan: StepPlan): Promise<StepResult> {
    const step = this.stepCount++;
    checkPlan(plan, this.limits);
    this.#options.onPlan?.(plan);
    this.deepest = Math.max(this.deepest, ++this.#unfinished);
    // The plan is read only when its turn comes: a plan that changes after it was submitted shows.
    const result = this.#tail.then(async () => {
      await this.#options.delay?.(step);
      this.#unfinished--;
      if (this.#options.fails?.(step)) throw new Error(`step ${step} failed`);
      const sampled = plan.sequences.map((sequence) => this.#run(sequence));
      return { sampled, timings: { encodeMs: 0, runMs: 1 } };
    });
    this.#tail = result.catch(() => {});
    return result;
  }

  dispose(): void {
    this.disposed = true;
  }

  #run(sequence: SequenceStep): SampledToken[] {
    const { tokens, position, sampleCount, slot, sampling } = sequence;
    const history = this.#histories[slot]!;
    if (sequence.history) history.reset(sequence.history.prompt, sequence.history.output);
    const sampled: SampledToken[] = [];
    let context = this.#read(sequence, position);
    for (const [i, given] of tokens.entries()) {
      const token = given === SAMPLED ? this.#lastSampled[slot]! : given;
      if (!Number.isInteger(token)) throw new Error(`slot ${slot} has no sampled token`);
      const previous = position + i > 0 ? this.#cellTokens[this.#cell(sequence, position + i - 1)]! : 0;
      context = this.#write(sequence, position + i, token, context);
      if (i < tokens.length - sampleCount) continue;
      sampled.push(
        sampleToken({ context, token, previous, position: position + i + 1 }, sampling, history, this.limits),
      );
    }
    // Which of several samples a slot remembers is left open by the contract.
    if (sampleCount > 0) this.#lastSampled[slot] = sampleCount === 1 ? sampled[0]!.id : Number.NaN;
    return sampled;
  }

  #cell({ blocks }: SequenceStep, position: number): number {
    const { blockSize } = this.limits;
    return blocks[Math.floor(position / blockSize)]! * blockSize + (position % blockSize);
  }

  #read(sequence: SequenceStep, end: number): number {
    let context = 0;
    for (let position = 0; position < end; position++) {
      context = extend(context, this.#cellHashes[this.#cell(sequence, position)]!);
    }
    return context;
  }

  #write(sequence: SequenceStep, position: number, token: number, context: number): number {
    const cell = this.#cell(sequence, position);
    this.#cellTokens[cell] = token;
    this.#cellHashes[cell] = cellHash(context, token, position);
    return extend(context, this.#cellHashes[cell]!);
  }
}

/** What a request yields when it runs alone, without a cache, blocks or steps. */
export function runAlone(
  promptIds: readonly number[],
  sampling: Sampling,
  count: number,
  limits: RunnerLimits,
): SampledToken[] {
  const history = new TokenCounts(promptIds, []);
  const sampled: SampledToken[] = [];
  const tokens = [...promptIds];
  let context = 0;
  for (let position = 0; sampled.length < count; position++) {
    const token = tokens[position]!;
    context = extend(context, cellHash(context, token, position));
    if (position < promptIds.length - 1) continue;
    const previous = position > 0 ? tokens[position - 1]! : 0;
    sampled.push(
      sampleToken({ context, token, previous, position: position + 1 }, sampling, history, limits),
    );
    tokens.push(sampled.at(-1)!.id);
  }
  return sampled;
}

/** Throws where a plan breaks the contract. */
export function checkPlan({ sequences }: StepPlan, limits: RunnerLimits): void {
  const { blockSize, maxSequences, maxStepTokens } = limits;
  const tokenCount = sequences.reduce((sum, { tokens }) => sum + tokens.length, 0);
  expect(sequences.length > 0, "an empty step");
  expect(sequences.length <= maxSequences, `${sequences.length} sequences of ${maxSequences}`);
  expect(tokenCount <= maxStepTokens, `${tokenCount} tokens of ${maxStepTokens}`);
  expect(new Set(sequences.map(({ slot }) => slot)).size === sequences.length, "a slot twice");
  const firstChunk = sequences.findIndex(({ tokens }) => tokens.length > MAX_DECODE_TOKENS);
  const lastDecode = sequences.findLastIndex(({ tokens }) => tokens.length <= MAX_DECODE_TOKENS);
  expect(firstChunk < 0 || lastDecode < firstChunk, "a short sequence after a prompt chunk");
  const writers = new Map<number, number>();
  for (const sequence of sequences) {
    checkSequence(sequence, limits);
    const { slot, position, tokens, blocks } = sequence;
    for (let at = position; at < position + tokens.length; at++) {
      const block = blocks[Math.floor(at / blockSize)]!;
      expect((writers.get(block) ?? slot) === slot, `block ${block} is written by two sequences`);
      writers.set(block, slot);
    }
  }
  for (const { slot, blocks } of sequences) {
    for (const block of blocks) {
      expect(
        (writers.get(block) ?? slot) === slot,
        `block ${block} is read while another sequence writes it`,
      );
    }
  }
}

function checkSequence(
  { slot, tokens, position, blocks, sampleCount }: SequenceStep,
  limits: RunnerLimits,
): void {
  const { blockSize, blockCount, maxSequences, contextLen, vocabSize } = limits;
  const end = position + tokens.length;
  expect(slot >= 0 && slot < maxSequences, `slot ${slot}`);
  expect(tokens.length > 0, "a sequence without tokens");
  expect(position >= 0 && end <= contextLen, `positions ${position} to ${end} of ${contextLen}`);
  expect(blocks.length * blockSize >= end, `${blocks.length} blocks for ${end} positions`);
  expect(new Set(blocks).size === blocks.length, "a block twice in one table");
  expect(
    blocks.every((block) => block >= 0 && block < blockCount),
    "a block out of range",
  );
  expect(
    tokens.every((token, i) => (token >= 0 && token < vocabSize) || (token === SAMPLED && i === 0)),
    `tokens ${tokens}`,
  );
  expect(sampleCount <= Math.min(tokens.length, MAX_DECODE_TOKENS), `${sampleCount} samples`);
}

function expect(condition: boolean, breach: string): void {
  if (!condition) throw new Error(`the plan has ${breach}`);
}

interface SampleSite {
  /** Hash of all cells up to and including the token's. */
  readonly context: number;
  readonly token: number;
  readonly previous: number;
  readonly position: number;
}

/** Mostly a function of the last two tokens, so that texts repeat themselves and drafts are sometimes right. */
function sampleToken(
  { context, token, previous, position }: SampleSite,
  sampling: Sampling,
  history: TokenCounts,
  { vocabSize }: RunnerLimits,
): SampledToken {
  let choice = extend(context, sampling.temperature > 0 ? extend(sampling.seed, position) : 1);
  const penalised = sampling.frequencyPenalty !== 0;
  if (penalised) choice = extend(choice, history.hash);
  const habit = (3 * token + 5 * previous + 1) % vocabSize;
  const id = choice >>> 29 > 1 ? habit : (choice >>> 4) % vocabSize;
  if (penalised) history.add(id);
  return { id, logprob: -(choice >>> 0) / 2 ** 32 };
}

/** How often tokens occurred, as a hash that does not depend on their order. */
class TokenCounts {
  hash = 0;

  constructor(prompt: readonly number[], output: readonly number[]) {
    this.reset(prompt, output);
  }

  reset(prompt: readonly number[], output: readonly number[]): void {
    this.hash = 0;
    for (const token of new Set(prompt)) this.hash = (this.hash + extend(token, 17)) | 0;
    for (const token of output) this.add(token);
  }

  add(token: number): void {
    this.hash = (this.hash + extend(token, 23)) | 0;
  }
}

function cellHash(context: number, token: number, position: number): number {
  return extend(extend(context, token), position);
}

function extend(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word ^ (hash >>> 15), 0x9e3779b1);
  return Math.imul(mixed ^ (mixed >>> 13), 0x85ebca6b) + 1;
}

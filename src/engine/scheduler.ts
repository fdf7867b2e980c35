import { CapacityError } from "../errors.ts";
import { type Batch, BatchBuilder } from "./batch.ts";
import { BlockPool } from "./block-pool.ts";
import { PrefixCache, type PrefixMatch } from "./prefix-cache.ts";
import type { Request } from "./request.ts";
import { acceptedSamples, MAX_DRAFTS } from "./speculation.ts";
import type { RunnerLimits, SampledToken, SequenceStep, StepResult } from "./step.ts";

export interface SchedulerOptions {
  /** Most input tokens of a step; the runner's limit by default. */
  readonly stepTokens?: number;
  /** Whether requests share the blocks of equal prompt beginnings; on by default. */
  readonly prefixCache?: boolean;
}

/**
 * Of the tokens left in a step, what one prompt may take while others may want some: a short prompt behind a
 * long one must not wait for all of it.
 */
const LEADING_SHARE = 0.75;

const NO_MATCH: PrefixMatch = { blocks: [], growing: false };

/**
 * Decides what each step computes. Running requests go first, one token each and then prompt chunks; waiting
 * ones join while tokens, slots and blocks last. When blocks run out, the last in line gives its own back and
 * is recomputed later.
 *
 * Blocks and slots change hands as soon as their holder ends or gives way, even while submitted steps still
 * write to them: whatever a new holder writes or reads, it does in a step submitted later, and steps run in the
 * order they were submitted. For the same reason a block may be shared one step after the step that fills it
 * was submitted, done or not; never within that step.
 */
export class Scheduler {
  readonly pool: BlockPool;
  readonly prefixes: PrefixCache;
  preemptionCount = 0;
  draftedTokens = 0;
  acceptedTokens = 0;
  readonly #limits: RunnerLimits;
  readonly #stepTokens: number;
  readonly #sharing: boolean;
  /** Both in the order in which requests are served; see `Request.compare`. */
  readonly #running: Request[] = [];
  readonly #waiting: Request[] = [];
  readonly #freeSlots: number[];

  constructor(limits: RunnerLimits, { stepTokens, prefixCache = true }: SchedulerOptions = {}) {
    this.#limits = limits;
    this.#stepTokens = Math.min(stepTokens ?? limits.maxStepTokens, limits.maxStepTokens);
    this.#sharing = prefixCache;
    this.pool = new BlockPool(limits.blockCount);
    this.prefixes = new PrefixCache(limits.blockSize);
    // Every running request gets a token in every step, so no more run than a step has tokens.
    const slotCount = Math.min(limits.maxSequences, this.#stepTokens);
    this.#freeSlots = Array.from({ length: slotCount }, (_, i) => slotCount - 1 - i);
  }

  get running(): readonly Request[] {
    return this.#running;
  }

  get waiting(): readonly Request[] {
    return this.#waiting;
  }

  /** Tokens a request that runs alone may reach. */
  get contextLen(): number {
    const { contextLen, blockCount, blockSize } = this.#limits;
    return Math.min(contextLen, blockCount * blockSize);
  }

  /** Lets a request wait for its turn; refuses one that cannot fit even alone. */
  add(request: Request): void {
    const { contextLen } = this;
    if (request.promptTokens >= contextLen) {
      throw new CapacityError(
        `The prompt has ${request.promptTokens} tokens, but at most ${contextLen - 1} fit beside one token of ` +
          `output: the context is ${this.#limits.contextLen} tokens and the KV cache ` +
          `${this.#limits.blockCount * this.#limits.blockSize}. Shorten the prompt, or load the model with more.`,
      );
    }
    enqueue(this.#waiting, request);
  }

  /** Takes a request out, wherever it is, and its blocks and slot back. */
  remove(request: Request): void {
    if (request.slot !== undefined) this.#stop(request);
    else this.#waiting.splice(this.#waiting.indexOf(request), 1);
  }

  /** The next step, or `undefined` where no request can be carried further before a result arrives. */
  plan(): Batch | undefined {
    const { preemptionCount } = this;
    const batch = new BatchBuilder(this.#stepTokens, this.#limits.blockSize);
    this.prefixes.beginStep();
    this.#planTokens(batch);
    this.#planChunks(batch, LEADING_SHARE);
    if (this.preemptionCount === preemptionCount) this.#planWaiting(batch);
    this.#planChunks(batch, 1);
    return batch.build();
  }

  /** Takes in what a step sampled; `deliver` is called for each new token of each request that goes on. */
  commit(
    batch: Batch,
    { sampled }: StepResult,
    deliver: (request: Request, token: SampledToken) => void,
  ): void {
    for (const [i, { request, step }] of batch.entries.entries()) {
      if (step.sampleCount === 0) continue;
      const accepted = acceptedSamples(step, sampled[i]!);
      this.#settle(request, step, accepted.length);
      for (const token of accepted) if (!request.ended) deliver(request, token);
    }
  }

  /** Throws unless blocks and slots are all accounted for, and nobody is about to write what others read. */
  checkIntegrity(): void {
    this.pool.checkIntegrity(this.#running.map(({ blocks }) => blocks));
    this.prefixes.checkIntegrity();
    for (const { id, blocks, computedTokens } of this.#running) {
      for (const block of blocks.slice(Math.floor(computedTokens / this.#limits.blockSize))) {
        const holders = this.pool.holders(block);
        if (holders !== 1) throw new Error(`block ${block}: request ${id} will write it, ${holders} hold it`);
      }
    }
    const slots = new Set([...this.#freeSlots, ...this.#running.map(({ slot }) => slot)]);
    const expected = Math.min(this.#limits.maxSequences, this.#stepTokens);
    if (slots.size !== expected || this.#freeSlots.length + this.#running.length !== expected) {
      throw new Error(
        `${expected} slots, but ${this.#freeSlots.length} free + ${this.#running.length} running`,
      );
    }
  }

  /** One token each for requests that have just one to compute, with drafts where they may pay. */
  #planTokens(batch: BatchBuilder): void {
    let unserved = this.#running.length;
    // The length is read anew: preemption shortens the line from its end, behind the request it serves.
    for (let i = 0; i < this.#running.length; i++) {
      const request = this.#running[i]!;
      if (!request.steppable || request.uncomputedTokens !== 1) continue;
      const drafts = this.#draft(request, batch.tokenBudget - unserved);
      if (drafts === "wait" || !this.#grow(request)) continue;
      this.#carry(batch, request, 1, this.#fitting(request, drafts));
      unserved--;
    }
  }

  /** A chunk for each request with more to compute, each at most `share` of the tokens left. */
  #planChunks(batch: BatchBuilder, share: number): void {
    for (const request of this.#running) {
      if (batch.tokenBudget === 0) return;
      // One with tokens pending is a token behind, not a chunk, and #planTokens has had its say about it.
      if (!request.steppable || request.pendingTokens > 0 || request.uncomputedTokens <= 0) continue;
      this.#carryChunk(batch, request, share);
    }
  }

  #planWaiting(batch: BatchBuilder): void {
    for (let i = 0; i < this.#waiting.length; ) {
      if (batch.tokenBudget === 0 || this.#freeSlots.length === 0) return;
      const request = this.#waiting[i]!;
      const match = this.#sharing
        ? this.prefixes.find(request.chain, request.tokens, request.salt)
        : NO_MATCH;
      if (request.pendingTokens > 0 || match.growing) i++;
      else if (this.#admit(request, match.blocks)) this.#carryChunk(batch, request, LEADING_SHARE);
      else return;
    }
  }

  /** Gives a waiting request a slot and blocks for all its tokens; false where there are too few. */
  #admit(request: Request, shared: readonly number[]): boolean {
    const { blockSize } = this.#limits;
    const count = Math.ceil(request.tokenCount / blockSize) - shared.length;
    // Those that run may each need a block before long; taking it now would only preempt this one again.
    if (this.pool.freeCountBesides(shared) < count + this.#running.length) return false;
    request.blocks = [...shared, ...this.#take(count, shared)!];
    request.slot = this.#freeSlots.pop()!;
    request.entering = true;
    request.computedTokens = shared.length * blockSize;
    request.filedBlocks = shared.length;
    if (request.startedMs === undefined) {
      request.cachedTokens = request.computedTokens;
      this.prefixes.queriedTokens += request.promptTokens;
      this.prefixes.hitTokens += request.computedTokens;
    }
    this.#waiting.splice(this.#waiting.indexOf(request), 1);
    enqueue(this.#running, request);
    return true;
  }

  #carryChunk(batch: BatchBuilder, request: Request, share: number): void {
    this.#carry(batch, request, Math.min(request.uncomputedTokens, Math.ceil(share * batch.tokenBudget)));
  }

  #carry(batch: BatchBuilder, request: Request, count: number, drafts?: readonly number[]): void {
    batch.add(request, count, drafts);
    this.#file(request);
  }

  /**
   * Drafts to verify along with the next token. They can only be told where the host knows that token; a
   * request that seems worth drafting for waits until it does.
   */
  #draft(request: Request, room: number): readonly number[] | "wait" {
    const count = Math.min(room, request.remainingTokens - 1, MAX_DRAFTS);
    const drafts = request.speculation?.propose(request.tokens, count) ?? [];
    if (drafts.length === 0 || request.pendingTokens === 0) return drafts;
    request.speculation?.wait(request.tokens.length);
    return "wait";
  }

  /** Makes room for one more token; false where the request itself had to give way for it. */
  #grow(request: Request): boolean {
    while (request.blocks.length * this.#limits.blockSize <= request.computedTokens) {
      const taken = this.#take(1);
      if (taken) {
        request.blocks.push(...taken);
        continue;
      }
      const victim = this.#running.at(-1)!;
      this.#preempt(victim);
      if (victim === request) return false;
    }
    return true;
  }

  /** As many of the drafts as find room without anybody giving way. */
  #fitting(request: Request, drafts: readonly number[]): readonly number[] {
    const { blockSize } = this.#limits;
    const end = request.computedTokens + 1 + drafts.length;
    const missing = Math.max(0, Math.ceil(end / blockSize) - request.blocks.length);
    request.blocks.push(...(this.#take(missing) ?? []));
    return drafts.slice(0, request.blocks.length * blockSize - request.computedTokens - 1);
  }

  /** Nothing else is in flight for a request whose drafts are judged, so its place can be set back. */
  #settle(request: Request, { position, tokens, sampleCount }: SequenceStep, acceptedCount: number): void {
    request.pendingTokens--;
    if (sampleCount === 1) return;
    const rejectedCount = sampleCount - acceptedCount;
    request.computedTokens = Math.min(request.computedTokens, position + tokens.length - rejectedCount);
    request.speculation?.learn(sampleCount - 1, acceptedCount - 1, request.tokens.length);
    this.draftedTokens += sampleCount - 1;
    this.acceptedTokens += acceptedCount - 1;
  }

  #preempt(request: Request): void {
    this.preemptionCount++;
    this.#stop(request);
    enqueue(this.#waiting, request);
  }

  #stop(request: Request): void {
    this.#file(request);
    this.pool.release(request.blocks);
    this.#freeSlots.push(request.slot!);
    this.#running.splice(this.#running.indexOf(request), 1);
    request.slot = undefined;
    request.blocks = [];
    request.computedTokens = 0;
  }

  #file(request: Request): void {
    if (!this.#sharing) return;
    request.filedBlocks = this.prefixes.file(request, request.filedBlocks, request.computedTokens);
  }

  #take(count: number, shared?: readonly number[]): number[] | undefined {
    const taken = this.pool.take(count, shared);
    if (taken) this.prefixes.evict(taken);
    return taken;
  }
}

/** Puts a request where it belongs in a line. */
function enqueue(line: Request[], request: Request): void {
  const at = line.findIndex((other) => request.compare(other) < 0);
  line.splice(at < 0 ? line.length : at, 0, request);
}

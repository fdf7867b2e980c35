import { MAX_DECODE_TOKENS, type SampledToken, type SequenceStep } from "./step.ts";

/** Most drafts a step verifies for one sequence. */
export const MAX_DRAFTS = MAX_DECODE_TOKENS - 1;

/** Lengths of the suffixes that are looked up, the longest first. */
const NGRAM_LENGTHS = [4, 3, 2] as const;

/** Drafts of a request that has not had any judged yet. */
const FIRST_DRAFTS = 2;
/** What is expected of them: a few wrong ones are enough to pause. */
const FIRST_ACCEPTANCE = 0.5;
/** Drafting pauses where a smaller share of the drafts than this is accepted. */
const PAYING_ACCEPTANCE = 0.25;
/** Weight of the newest verification in the running estimate. */
const ESTIMATE_WEIGHT = 0.25;
const FIRST_PAUSE_TOKENS = 16;
const LONGEST_PAUSE_TOKENS = 1024;

/**
 * Where n-grams of a growing text occurred last (prompt look-up, Saxena 2023). A token costs a few map entries,
 * however long the text is.
 */
export class NgramIndex {
  /** By n-gram length: the hash of an n-gram, and where the token after its latest occurrence stands. */
  readonly #followers = NGRAM_LENGTHS.map(() => new Map<number, number>());
  #indexed = 0;

  /** Up to `count` tokens that followed the longest suffix of `tokens` the last time it occurred. */
  propose(tokens: readonly number[], count: number): number[] {
    this.#index(tokens);
    const at = this.#latestFollower(tokens);
    if (at === undefined) return [];
    const drafts: number[] = [];
    // Past the end of the text the drafts themselves go on, which is what a periodic text does.
    for (let i = at; drafts.length < count; i++) drafts.push(tokens[i] ?? drafts[i - tokens.length]!);
    return drafts;
  }

  #index(tokens: readonly number[]): void {
    for (; this.#indexed < tokens.length; this.#indexed++) {
      for (const [i, length] of NGRAM_LENGTHS.entries()) {
        if (length <= this.#indexed)
          this.#followers[i]!.set(ngramHash(tokens, this.#indexed, length), this.#indexed);
      }
    }
  }

  #latestFollower(tokens: readonly number[]): number | undefined {
    for (const [i, length] of NGRAM_LENGTHS.entries()) {
      if (length >= tokens.length) continue;
      const at = this.#followers[i]!.get(ngramHash(tokens, tokens.length, length));
      if (at !== undefined && sameNgram(tokens, at, tokens.length, length)) return at;
    }
    return undefined;
  }
}

/** One request's drafting: what to propose, and whether proposing has paid so far. */
export class Speculation {
  readonly #ngrams = new NgramIndex();
  #acceptance = FIRST_ACCEPTANCE;
  /** Drafts that are worth their rows: about as many as were right lately. */
  #draftCount = FIRST_DRAFTS;
  #pauseTokens = FIRST_PAUSE_TOKENS;
  /** Text length at which drafting resumes. */
  #resumeAt = 0;
  /** Text length at which a step was let go by for the sake of drafts. */
  #waitedAt: number | undefined;

  /** Drafts to follow `tokens`, none where nothing is found or drafting does not pay. */
  propose(tokens: readonly number[], count: number): readonly number[] {
    if (count <= 0 || tokens.length < this.#resumeAt) return [];
    const drafts = this.#ngrams.propose(tokens, Math.min(count, this.#draftCount));
    if (this.#waitedAt !== undefined && this.#waitedAt < tokens.length) {
      this.#waitedAt = undefined;
      if (drafts.length === 0) this.#judge(0, tokens.length);
    }
    return drafts;
  }

  /** Notes that a step is let go by, because what would follow its token may be drafted. In vain is as good as wrong. */
  wait(textLen: number): void {
    this.#waitedAt = textLen;
  }

  /** Learns how many drafts were right, and drafts more or fewer next time. */
  learn(drafted: number, accepted: number, textLen: number): void {
    const allRight = accepted === drafted;
    this.#draftCount = allRight ? Math.min(2 * this.#draftCount, MAX_DRAFTS) : accepted + 1;
    if (allRight) this.#pauseTokens = FIRST_PAUSE_TOKENS;
    this.#judge(accepted / drafted, textLen);
  }

  /** Too few right ones, and drafting pauses, for longer each time in a row. */
  #judge(acceptance: number, textLen: number): void {
    this.#acceptance += ESTIMATE_WEIGHT * (acceptance - this.#acceptance);
    if (this.#acceptance >= PAYING_ACCEPTANCE) return;
    this.#resumeAt = textLen + this.#pauseTokens;
    this.#pauseTokens = Math.min(2 * this.#pauseTokens, LONGEST_PAUSE_TOKENS);
    // One more chance after the pause: a failure there ends in the next pause at once, a success does not.
    this.#acceptance = PAYING_ACCEPTANCE;
  }
}

/**
 * What a step's samples are worth: the successor of the last input token, or with drafts the samples up to and
 * including the first that contradicts its draft. A sample depends on (seed, position, context) alone, so these
 * are the very tokens that one step at a time would have drawn.
 */
export function acceptedSamples(
  { tokens, sampleCount }: SequenceStep,
  sampled: readonly SampledToken[],
): readonly SampledToken[] {
  const drafts = tokens.slice(tokens.length - sampleCount + 1);
  const firstWrong = drafts.findIndex((draft, i) => draft !== sampled[i]!.id);
  return firstWrong < 0 ? sampled : sampled.slice(0, firstWrong + 1);
}

function ngramHash(tokens: readonly number[], end: number, length: number): number {
  let hash = length;
  for (let i = end - length; i < end; i++) hash = Math.imul(hash ^ tokens[i]! ^ (hash >>> 13), 0x9e3779b1);
  return hash;
}

function sameNgram(tokens: readonly number[], a: number, b: number, length: number): boolean {
  for (let i = 1; i <= length; i++) if (tokens[a - i] !== tokens[b - i]) return false;
  return true;
}

import type { SampledToken, Sampling, TokenHistory } from "../engine/step.ts";

const f32 = Math.fround;

/** Above any noise that `gumbel` makes: -log(-log(1 - 2^-24)) is 16.64. */
const MAX_NOISE = 17;

/** What a slot's sequence has in its context, for penalties. */
class Remembered {
  /** Times each token was generated; 0 for one that is in the prompt only. */
  readonly counts = new Map<number, number>();

  constructor({ prompt, output }: TokenHistory) {
    for (const token of prompt) this.counts.set(token, 0);
    for (const token of output) this.add(token);
  }

  add(token: number): void {
    this.counts.set(token, (this.counts.get(token) ?? 0) + 1);
  }
}

/**
 * Chooses tokens by the rule of shaders/sampling.wgsl, so that a seed draws the same tokens on the CPU: the
 * largest of logit / temperature + Gumbel noise, where the noise is a hash of (seed, position, token).
 */
export class Sampler {
  readonly #scores: Float32Array;
  readonly #history = new Map<number, Remembered>();

  constructor(vocabSize: number) {
    this.#scores = new Float32Array(vocabSize);
  }

  /** Replaces what a slot remembers. */
  remember(slot: number, history: TokenHistory): void {
    this.#history.set(slot, new Remembered(history));
  }

  /** The token for `position`, with its probability under the raw logits. */
  choose(logits: Float32Array, slot: number, position: number, sampling: Sampling): SampledToken {
    const history = isPenalised(sampling) ? this.#history.get(slot) : undefined;
    const id = this.#best(this.#tempered(logits, sampling, history), position, sampling);
    history?.add(id);
    return { id, logprob: logits[id]! - logSumExp(logits) };
  }

  /** The scores: penalised logits over the temperature. */
  #tempered(logits: Float32Array, sampling: Sampling, history: Remembered | undefined): Float32Array {
    const { temperature } = sampling;
    if (temperature === 0 && !history) return logits;
    const scores = this.#scores;
    scores.set(logits);
    for (const [token, count] of history?.counts ?? []) {
      scores[token] = penalise(logits[token]!, count, sampling);
    }
    if (temperature > 0) for (let i = 0; i < scores.length; i++) scores[i]! /= temperature;
    return scores;
  }

  /** The best of the tokens that survive the truncations; of equals, the first. */
  #best(scores: Float32Array, position: number, sampling: Sampling): number {
    const noisy = sampling.temperature > 0;
    const lowest = noisy ? threshold(scores, sampling) : Number.NEGATIVE_INFINITY;
    const margin = noisy ? MAX_NOISE : 0;
    const key = mix((mix(sampling.seed) ^ position) >>> 0);
    let best = 0;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (let token = 0; token < scores.length; token++) {
      const score = scores[token]!;
      if (score < lowest || score + margin <= bestScore) continue;
      const total = noisy ? f32(score + gumbel(key, token)) : score;
      if (total <= bestScore) continue;
      best = token;
      bestScore = total;
    }
    return best;
  }
}

function isPenalised({ repetitionPenalty, presencePenalty, frequencyPenalty }: Sampling): boolean {
  return repetitionPenalty !== 1 || presencePenalty !== 0 || frequencyPenalty !== 0;
}

function penalise(logit: number, count: number, sampling: Sampling): number {
  const { repetitionPenalty, presencePenalty, frequencyPenalty } = sampling;
  const repeated = f32(logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty);
  return count > 0 ? repeated - (presencePenalty + frequencyPenalty * count) : repeated;
}

/** The lowest score that survives min-p, then top-k, then top-p; equal scores survive together. */
function threshold(scores: Float32Array, { topK, topP, minP }: Sampling): number {
  let lowest = Number.NEGATIVE_INFINITY;
  if (topK === 0 && topP === 1 && minP === 0) return lowest;
  const peak = largest(scores);
  if (minP > 0) lowest = f32(peak + Math.log(minP));
  if (topK === 0 && topP === 1) return Math.min(lowest, peak);
  const kept = scores.filter((score) => score >= lowest).sort();
  if (topK > 0 && topK < kept.length) lowest = kept[kept.length - topK]!;
  if (topP < 1) lowest = massThreshold(kept, lowest, peak, topP);
  return Math.min(lowest, peak);
}

/** The highest of the ascending scores from `lowest` up that still leaves the share `topP` of their weight. */
function massThreshold(ascending: Float32Array, lowest: number, peak: number, topP: number): number {
  const first = ascending.findIndex((score) => score >= lowest);
  let total = 0;
  for (let i = first; i < ascending.length; i++) total += Math.exp(ascending[i]! - peak);
  let mass = 0;
  for (let i = ascending.length - 1; i >= first; i--) {
    mass += Math.exp(ascending[i]! - peak);
    if (mass >= topP * total) return ascending[i]!;
  }
  return lowest;
}

function logSumExp(logits: Float32Array): number {
  const peak = largest(logits);
  let total = 0;
  for (let i = 0; i < logits.length; i++) total += Math.exp(logits[i]! - peak);
  return peak + Math.log(total);
}

function largest(values: Float32Array): number {
  let peak = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) peak = Math.max(peak, values[i]!);
  return peak;
}

/** Standard Gumbel noise, from a hash of the seed and position, and the token. */
function gumbel(key: number, token: number): number {
  const hash = mix((key ^ token) >>> 0);
  return -Math.log(-Math.log1p(-((hash >>> 9) + 0.5) * 2 ** -23));
}

function mix(a: number): number {
  let h = a >>> 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x7feb352d);
  h ^= h >>> 15;
  h = Math.imul(h, 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

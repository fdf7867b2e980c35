import type { Sampling } from "../../src/engine/step.ts";

/** Tokens penalties count. */
export interface History {
  readonly prompt: readonly number[];
  readonly output: readonly number[];
}

/** Scores after penalties and temperature, in f64. */
export function scores(logits: ArrayLike<number>, sampling: Sampling, history: History): Float64Array {
  const seen = new Set([...history.prompt, ...history.output]);
  return Float64Array.from(logits, (logit, token) => {
    let score = logit;
    if (seen.has(token))
      score = score > 0 ? score / sampling.repetitionPenalty : score * sampling.repetitionPenalty;
    const times = history.output.filter((id) => id === token).length;
    if (times > 0) score -= sampling.presencePenalty + sampling.frequencyPenalty * times;
    return sampling.temperature > 0 ? score / sampling.temperature : score;
  });
}

/** The tokens that survive min-p, then top-k, then top-p (Holtzman et al., 2020), ties included. */
export function survivors(score: Float64Array, { topK, topP, minP }: Sampling): Set<number> {
  const peak = Math.max(...score);
  const order = [...score.keys()].sort((a, b) => score[b]! - score[a]!);
  let kept = order.filter((token) => minP === 0 || score[token]! >= peak + Math.log(minP));
  if (topK > 0 && topK < kept.length) {
    const last = score[kept[topK - 1]!]!;
    kept = kept.filter((token) => score[token]! >= last);
  }
  if (topP < 1) {
    const total = kept.reduce((sum, token) => sum + Math.exp(score[token]! - peak), 0);
    let mass = 0;
    const end = kept.findIndex((token) => {
      mass += Math.exp(score[token]! - peak);
      return mass >= topP * total;
    });
    const last = score[kept[end]!]!;
    kept = kept.filter((token) => score[token]! >= last);
  }
  return new Set(kept);
}

/** The token the sampler chooses at a position: Gumbel-max over the survivors. */
export function sampleReference(
  logits: ArrayLike<number>,
  sampling: Sampling,
  position: number,
  history: History,
): number {
  const score = scores(logits, sampling, history);
  const kept = sampling.temperature > 0 ? survivors(score, sampling) : new Set(score.keys());
  let best = -1;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const token of [...kept].sort((a, b) => a - b)) {
    const noisy = score[token]! + (sampling.temperature > 0 ? gumbel(sampling.seed, position, token) : 0);
    if (noisy > bestScore) {
      best = token;
      bestScore = noisy;
    }
  }
  return best;
}

/** log of the token's probability under the raw logits. */
export function logprobReference(logits: ArrayLike<number>, token: number): number {
  const values = Array.from(logits);
  const peak = Math.max(...values);
  return logits[token]! - peak - Math.log(values.reduce((sum, value) => sum + Math.exp(value - peak), 0));
}

function gumbel(seed: number, position: number, token: number): number {
  const hash = mix((mix((mix(seed) ^ position) >>> 0) ^ token) >>> 0);
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

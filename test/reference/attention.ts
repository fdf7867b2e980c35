/** One sequence's attention, as plain arrays. */
export interface AttentionCase {
  readonly queryLen: number;
  readonly seqLen: number;
  readonly headCount: number;
  readonly kvHeadCount: number;
  readonly headDim: number;
  readonly scale: number;
  /** 0: none. */
  readonly window: number;
  /** 0: none. */
  readonly softcap: number;
  /** `[headCount]`. */
  readonly slopes?: ArrayLike<number> | undefined;
  /** `[headCount]`. */
  readonly sinks?: ArrayLike<number> | undefined;
  /** `[queryLen][queryLen]`, minus infinity hides a key. */
  readonly bias?: ArrayLike<number> | undefined;
  /** `[queryLen][headCount][headDim]`. */
  readonly query: ArrayLike<number>;
  /** The key and the value of a KV head at a position. */
  readonly key: (position: number, kvHead: number) => ArrayLike<number>;
  readonly value: (position: number, kvHead: number) => ArrayLike<number>;
}

/** Attention of one query token and head over all the keys it sees, in f64: `[headDim]`. */
export function attendRow(c: AttentionCase, token: number, head: number): Float64Array {
  const contextLen = c.seqLen - c.queryLen;
  const position = contextLen + token;
  const kvHead = Math.floor(head / (c.headCount / c.kvHeadCount));
  const first = c.window === 0 ? 0 : Math.max(0, position - c.window + 1);
  const start = (token * c.headCount + head) * c.headDim;
  const scores: number[] = [];
  for (let p = first; p <= position; p++) {
    const key = c.key(p, kvHead);
    let score = 0;
    for (let i = 0; i < c.headDim; i++) score += c.query[start + i]! * key[i]!;
    score *= c.scale;
    if (c.softcap !== 0) score = c.softcap * Math.tanh(score / c.softcap);
    if (c.slopes) score += c.slopes[head]! * (p - contextLen);
    if (c.bias && p >= contextLen) score += c.bias[token * c.queryLen + p - contextLen]!;
    scores.push(score);
  }
  const sink = c.sinks ? c.sinks[head]! : Number.NEGATIVE_INFINITY;
  const peak = scores.reduce((most, score) => Math.max(most, score), sink);
  const weights = scores.map((score) => Math.exp(score - peak));
  const total = weights.reduce((sum, weight) => sum + weight, Math.exp(sink - peak));
  const output = new Float64Array(c.headDim);
  for (const [i, weight] of weights.entries()) {
    const value = c.value(first + i, kvHead);
    for (let d = 0; d < c.headDim; d++) output[d]! += (weight / total) * value[d]!;
  }
  return output;
}

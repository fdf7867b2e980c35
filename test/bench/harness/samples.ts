/** The middle of the values; the mean of the two in the middle of an even number of them. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return (sorted[Math.floor(half)]! + sorted[Math.ceil(half)]!) / 2;
}

/** The least value that at least `share` of all values do not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

/** Milliseconds until `work` has ended. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

export interface InterleaveOptions {
  readonly warmupCount?: number;
  readonly sampleCount?: number;
  readonly signal?: AbortSignal;
}

/**
 * Measures sides turn by turn, so that whatever slows the machine for a while slows all of them: each round
 * asks every side for one value, and begins with another side than the round before.
 */
export async function interleave<Side extends string>(
  sides: Readonly<Record<Side, () => Promise<number>>>,
  { warmupCount = 10, sampleCount = 30, signal }: InterleaveOptions = {},
): Promise<Record<Side, number[]>> {
  const names = Object.keys(sides) as Side[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Side, number[]>;
  for (let round = 0; round < warmupCount + sampleCount; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      signal?.throwIfAborted();
      const name = names[(round + turn) % names.length]!;
      const value = await sides[name]();
      if (round >= warmupCount) samples[name].push(value);
    }
  }
  return samples;
}

import type { Gpu } from "../../../src/gpu/device.ts";
import { Random } from "../../support/random.ts";
import { randomRunner } from "./random-runner.ts";
import { interleave, median } from "./samples.ts";
import { gapQuantiles, type Job, type Serving, serve, tokenCount } from "./serving.ts";
import type { ShapeName } from "./shapes.ts";

export interface ConcurrencyOptions {
  readonly shape: ShapeName;
  /** Streams at once, one measurement each. */
  readonly streams: readonly number[];
  readonly promptLen: number;
  readonly outputLen: number;
  readonly sampleCount: number;
}

/** The same jobs, all at once and one after another. */
export interface Concurrency {
  readonly streamCount: number;
  /** Tokens generated per second, all streams together: the median of the samples. */
  readonly batchedRate: number;
  readonly queuedRate: number;
  /** Between a stream's tokens when all run at once, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Measures a model of random weights under 1 and more streams, beside a queue that serves one at a time. */
export async function measureConcurrency(
  gpu: Gpu,
  { shape, streams, promptLen, outputLen, sampleCount }: ConcurrencyOptions,
): Promise<Concurrency[]> {
  const { runner, config, dispose } = await randomRunner(gpu, shape, {
    format: "bf16",
    contextLen: promptLen + outputLen + 16,
    maxSequences: Math.max(...streams),
    maxStepTokens: 128,
  });
  const random = new Random(1);
  const job = (): Job => ({
    promptIds: Array.from({ length: promptLen }, () => random.integer(config.vocabSize)),
    maxTokens: outputLen,
  });
  await serve(runner, [job()], { prefixCache: false, queue: false }); // a warm-up
  const results: Concurrency[] = [];
  for (const streamCount of streams) {
    const latest: Partial<Record<"batched" | "queued", Serving>> = {};
    const side = (name: "batched" | "queued") => async () => {
      const jobs = Array.from({ length: streamCount }, job);
      const serving = await serve(runner, jobs, { prefixCache: false, queue: name === "queued" });
      latest[name] = serving;
      return (1000 * tokenCount(serving.served)) / serving.durationMs;
    };
    const sides = { batched: side("batched"), queued: side("queued") };
    const rates = await interleave(sides, { warmupCount: 0, sampleCount });
    const batchedRate = median(rates.batched);
    const queuedRate = median(rates.queued);
    results.push({ streamCount, batchedRate, queuedRate, ...gapQuantiles(latest.batched!.served) });
  }
  dispose();
  return results;
}

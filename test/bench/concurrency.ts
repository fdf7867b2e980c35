import type { Gpu } from "../../src/gpu/device.ts";
import { type BenchContext, type Benchmark, countsOption, wordsOption } from "./harness/benchmark.ts";
import { runInBrowserWorker } from "./harness/browser-worker.ts";
import type { WorkerConcurrency } from "./harness/concurrency.worker.ts";
import {
  type Concurrency,
  type ConcurrencyOptions,
  measureConcurrency,
} from "./harness/concurrency-sides.ts";
import { openDawn } from "./harness/dawn.ts";
import { hasDemo } from "./harness/demo-jobs.ts";
import { drafting } from "./harness/drafting.ts";
import { longPrompt } from "./harness/long-prompt.ts";
import { type ShapeName, shapes } from "./harness/shapes.ts";
import { sharedPrefix } from "./harness/shared-prefix.ts";

const parts = ["throughput", "long-prompt", "prefix", "drafting"] as const;
const places = ["dawn", "chromium"] as const;

async function run(context: BenchContext): Promise<void> {
  const { report } = context;
  const [shape] = wordsOption(context, "shapes", Object.keys(shapes) as ShapeName[]);
  const chosen = new Set(wordsOption(context, "parts", parts));
  const gpu = await openDawn(report);
  if (chosen.has("throughput")) await throughput(context, gpu);
  if (chosen.has("long-prompt")) await longPrompt(context, gpu, shape!);
  if (chosen.has("prefix")) await sharedPrefix(context, gpu, shape!);
  if (!chosen.has("drafting")) return;
  if (hasDemo()) await drafting(context, gpu);
  else report.note("Left out: drafting, which needs the bundled model's files.");
}

async function throughput(context: BenchContext, gpu: Gpu): Promise<void> {
  for (const shape of wordsOption(context, "shapes", Object.keys(shapes) as ShapeName[])) {
    const options: ConcurrencyOptions = {
      shape,
      streams: countsOption(context, "streams"),
      promptLen: countsOption(context, "prompt")[0]!,
      outputLen: countsOption(context, "tokens")[0]!,
      sampleCount: countsOption(context, "rounds")[0]!,
    };
    for (const place of wordsOption(context, "places", places)) {
      context.signal.throwIfAborted();
      if (place === "dawn") reportThroughput(context, place, options, await measureConcurrency(gpu, options));
      else {
        const entry = "test/bench/harness/concurrency.worker.ts";
        const { adapter, results } = (await runInBrowserWorker(entry, options)) as WorkerConcurrency;
        context.report.adapter(adapter);
        reportThroughput(context, place, options, results);
      }
    }
  }
}

function reportThroughput(
  { report }: BenchContext,
  place: string,
  { shape, promptLen, outputLen }: ConcurrencyOptions,
  results: readonly Concurrency[],
): void {
  report.table({
    title: `${shape}, ${place}: ${promptLen} prompt + ${outputLen} output tokens per stream`,
    columns: [
      "streams",
      { name: "batched tok/s", digits: 1 },
      { name: "queued tok/s", digits: 1 },
      { name: "batched / queued", digits: 2 },
      { name: "gap p50 ms", digits: 1 },
      { name: "gap p99 ms", digits: 1 },
    ],
    rows: results.map(({ streamCount, batchedRate, queuedRate, p50, p99 }) => [
      streamCount,
      batchedRate,
      queuedRate,
      batchedRate / queuedRate,
      p50,
      p99,
    ]),
  });
  report.plot({
    title: `Tokens per second by streams: ${shape}, ${place}`,
    x: { label: "streams at once", scale: "log" },
    y: { label: "tokens per second, all streams" },
    series: [
      { name: "batched", points: results.map((each) => [each.streamCount, each.batchedRate]) },
      {
        name: "one at a time",
        points: results.map((each) => [each.streamCount, each.queuedRate]),
        dashed: true,
      },
    ],
  });
}

export default {
  summary: "many streams beside a queue, a long prompt among streams, shared prefixes, drafting",
  options: {
    parts: { type: "string", description: `some of ${parts.join(", ")}`, default: parts.join(",") },
    shapes: { type: "string", description: "shapes, with commas between", default: "quire-demo" },
    places: { type: "string", description: "dawn, chromium", default: "dawn" },
    streams: { type: "string", description: "streams at once", default: "1,2,4,8,16" },
    prompt: { type: "string", description: "prompt tokens of a stream", default: "16" },
    tokens: { type: "string", description: "tokens a stream generates", default: "64" },
    rounds: { type: "string", description: "measurements of each side", default: "3" },
    long: { type: "string", description: "tokens of the long prompt", default: "2000" },
    budgets: { type: "string", description: "tokens a step may take while it arrives", default: "64,128" },
    prefix: { type: "string", description: "tokens of the shared prefix", default: "1000" },
    tasks: { type: "string", description: "answers of each kind with and without drafting", default: "8" },
  },
  run,
} satisfies Benchmark;

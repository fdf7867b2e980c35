import { writeFileSync } from "node:fs";
import { Engine, type EngineOptions } from "../../src/engine/engine.ts";
import type { Runner } from "../../src/engine/step.ts";
import type { Gpu } from "../../src/gpu/device.ts";
import { chromeTrace } from "../../src/gpu/trace.ts";
import { RECORDING_MODES } from "../../src/model/recording.ts";
import { greedy } from "../support/greedy.ts";
import { Random } from "../support/random.ts";
import { tinyRunner } from "../support/tiny-runner.ts";
import { type BenchContext, type Benchmark, countsOption } from "./harness/benchmark.ts";
import { runInBrowserWorker } from "./harness/browser-worker.ts";
import { openDawn } from "./harness/dawn.ts";
import type { WorkerEncodeTimes } from "./harness/encode.worker.ts";
import { type EncodeTime, encodeTimes, sibling } from "./harness/encode-times.ts";
import { type RandomModel, randomRunner } from "./harness/random-runner.ts";
import { interleave, median } from "./harness/samples.ts";
import { lent } from "./harness/serving.ts";
import { TracedRunner } from "./harness/step-trace.ts";
import type { Cell } from "./harness/table.ts";

const shape = "smollm2-135m";
const tracePath = ".cache/bench/step-trace.json";
const READ_DELAY_MS = 10;
const sizes = { contextLen: 512, maxSequences: 8, maxStepTokens: 64 };

const parts = ["encode", "read-back", "modes", "trace"] as const;

async function run(context: BenchContext): Promise<void> {
  const { report, options } = context;
  const gpu = await openDawn(report);
  const delay = delayMaps(gpu.device);
  const [rounds] = countsOption(context, "rounds");
  const [tokens] = countsOption(context, "tokens");
  const load = { streamCount: 4, tokenCount: tokens!, rounds: rounds! };
  const chosen = String(options.parts).split(",");
  if (chosen.includes("encode")) await compareEncoding(context, gpu);
  if (chosen.includes("read-back")) await hideReadBack(context, gpu, delay, load);
  if (!chosen.includes("modes") && !chosen.includes("trace")) return;
  const model = await randomRunner(gpu, shape, sizes);
  if (chosen.includes("modes")) await compareModes(context, gpu, model, load);
  if (chosen.includes("trace")) await traceSteps(context, gpu, model);
  model.dispose();
}

async function compareEncoding({ report, full, options }: BenchContext, gpu: Gpu): Promise<void> {
  const encoding = { shape, stepCount: full ? 200 : 30 } as const;
  const rows = encodeRows("Node, Dawn", await encodeTimes(gpu, encoding));
  if (!options["node-only"]) {
    const entry = "test/bench/harness/encode.worker.ts";
    const found = (await runInBrowserWorker(entry, encoding)) as WorkerEncodeTimes;
    report.adapter(`${found.adapter} in Chromium`);
    rows.push(...encodeRows("Chromium, worker", found.times));
  }
  report.table({
    title: "JavaScript time to encode a decode step",
    columns: [
      "where",
      "mode",
      "encode ms",
      "dispatches",
      "us per dispatch",
      { name: "% of eager", digits: 1 },
      "submit call ms",
    ],
    rows,
  });
}

function encodeRows(where: string, times: readonly EncodeTime[]): Cell[][] {
  const eager = times.find(({ mode }) => mode === "none")!;
  return times.map(({ mode, encodeMs, submitMs, dispatchCount }) => [
    where,
    mode,
    encodeMs,
    dispatchCount,
    (1000 * encodeMs) / dispatchCount,
    (100 * encodeMs) / eager.encodeMs,
    submitMs,
  ]);
}

interface Load {
  readonly streamCount: number;
  readonly tokenCount: number;
  readonly rounds: number;
}

async function compareModes(
  { report, signal }: BenchContext,
  gpu: Gpu,
  model: RandomModel,
  load: Load,
): Promise<void> {
  const runners = RECORDING_MODES.map((mode) => sibling(gpu, model, { ...sizes, recording: { mode } }));
  await Promise.all(runners.map((runner) => runner.compile()));
  const sides = RECORDING_MODES.map((mode, i) => [mode, () => decodeSpeed(runners[i]!, load)] as const);
  const speeds = await interleave(Object.fromEntries(sides), {
    warmupCount: 1,
    sampleCount: load.rounds,
    signal,
  });
  const rows = RECORDING_MODES.map((mode, i): Cell[] => {
    const { lists, downgrades } = runners[i]!.stats().recording;
    const recorded = lists.reduce((sum, { recordedDispatches }) => sum + recordedDispatches, 0);
    return [mode, median(speeds[mode]!), lists.length, recorded, downgrades.length];
  });
  for (const runner of runners) runner.dispose();
  report.table({
    title: `Decode by recording mode, ${load.streamCount} streams`,
    columns: ["mode", "tok/s", "lists", "recorded dispatches", "downgrades"],
    rows,
  });
}

/** Small, so that the delay is long beside a step. */
const smallConfig = {
  hidden_size: 256,
  intermediate_size: 688,
  num_hidden_layers: 8,
  num_attention_heads: 8,
  num_key_value_heads: 4,
  vocab_size: 4096,
};

/** Throughput with and without a delay on every read-back, stepping ahead of results and waiting for them. */
async function hideReadBack(
  { report, signal }: BenchContext,
  gpu: Gpu,
  delay: { ms: number },
  { streamCount, rounds }: Load,
): Promise<void> {
  const runner = await tinyRunner(gpu, { config: smallConfig });
  const speed = (asynchronous: boolean, delayMs: number) => async () => {
    delay.ms = delayMs;
    const load = { streamCount, tokenCount: 80, rounds };
    return decodeSpeed(runner, load, { asynchronous }).finally(() => {
      delay.ms = 0;
    });
  };
  const speeds = await interleave(
    {
      ahead: speed(true, 0),
      aheadDelayed: speed(true, READ_DELAY_MS),
      waiting: speed(false, 0),
      waitingDelayed: speed(false, READ_DELAY_MS),
    },
    { warmupCount: 1, sampleCount: 3 * rounds, signal },
  );
  const row = (name: string, plain: readonly number[], delayed: readonly number[]): Cell[] => [
    name,
    (1000 * streamCount) / median(plain),
    median(plain),
    median(delayed),
    100 * (1 - median(delayed) / median(plain)),
  ];
  report.table({
    title: `${READ_DELAY_MS} ms more on every read-back: 8 layers of 256, ${streamCount} streams`,
    columns: ["stepping", "step ms", "tok/s", "tok/s, delayed", { name: "% lost", digits: 1 }],
    rows: [
      row("asynchronous", speeds.ahead, speeds.aheadDelayed),
      row("one at a time", speeds.waiting, speeds.waitingDelayed),
    ],
  });
  runner.dispose();
}

/** Where a step's time goes, kernel by kernel, and a trace of a few steps. */
async function traceSteps({ report }: BenchContext, gpu: Gpu, model: RandomModel): Promise<void> {
  const apart = new TracedRunner(model.runner);
  await decodeSpeed(apart, { streamCount: 4, tokenCount: 12, rounds: 1 });
  const durations = (name: string) =>
    apart.spans.filter((span) => span.name === name).map(({ durationMs }) => durationMs);
  report.table({
    title: "A decode step of 4 streams, medians",
    columns: ["part", "ms"],
    rows: [
      ["encode, on the CPU", median(durations("encode"))],
      ["submission to done, on the GPU", median(durations("step"))],
      ["read-back", median(durations("read back"))],
    ],
  });
  if (!gpu.features.timestamps) return report.note("No timestamps on this adapter, so no time per kernel.");
  const timed = sibling(gpu, model, { ...sizes, profile: true });
  await timed.compile();
  const traced = new TracedRunner(timed);
  await decodeSpeed(traced, { streamCount: 4, tokenCount: 8, rounds: 1 });
  timed.dispose();
  writeFileSync(tracePath, chromeTrace(traced.spans));
  report.table({
    title: "GPU time by kernel, steps of 4 streams each kernel in a pass of its own",
    columns: ["kernel", "launches", "ms in all", "%"],
    rows: kernelRows(traced),
  });
  report.note(`Trace, for ui.perfetto.dev: ${tracePath}`);
}

function kernelRows({ spans }: TracedRunner): Cell[][] {
  const totals = new Map<string, { count: number; ms: number }>();
  for (const { name, row, durationMs } of spans) {
    if (row !== "kernels") continue;
    const { count, ms } = totals.get(name) ?? { count: 0, ms: 0 };
    totals.set(name, { count: count + 1, ms: ms + durationMs });
  }
  const all = [...totals.values()].reduce((sum, { ms }) => sum + ms, 0);
  return [...totals]
    .toSorted(([, a], [, b]) => b.ms - a.ms)
    .map(([name, { count, ms }]) => [name, count, ms, (100 * ms) / all]);
}

/** Tokens per second of streams that decode together, once each has its first. */
async function decodeSpeed(
  runner: Runner,
  { streamCount, tokenCount }: Load,
  options: EngineOptions = {},
): Promise<number> {
  const engine = new Engine(lent(runner), { prefixCache: false, ...options });
  const random = new Random(streamCount);
  const times: number[] = [];
  let starting = streamCount;
  await Promise.all(
    Array.from({ length: streamCount }, () => {
      const promptIds = Array.from({ length: 8 }, () => random.integer(1000));
      let first = true;
      return new Promise<void>((resolve, reject) => {
        const onToken = () => {
          if (first) starting--;
          else if (starting === 0) times.push(performance.now());
          first = false;
          return false;
        };
        const onEnd = ({ reason, error }: { reason: string; error?: unknown }) =>
          reason === "error" ? reject(error) : resolve();
        engine.add({ promptIds, sampling: greedy, maxTokens: tokenCount, sink: { onToken, onEnd } });
      });
    }),
  );
  // Tokens of one step arrive together: the first step's mark the beginning.
  return (1000 * (times.length - streamCount)) / (times.at(-1)! - times[0]!);
}

/** Delays every mapping of the buffers that `device` makes from now on. */
function delayMaps(device: GPUDevice): { ms: number } {
  const delay = { ms: 0 };
  const createBuffer = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    const mapAsync = buffer.mapAsync.bind(buffer);
    buffer.mapAsync = async (...args) => {
      await mapAsync(...args);
      if (delay.ms > 0) await new Promise((resolve) => setTimeout(resolve, delay.ms));
      return undefined;
    };
    return buffer;
  };
  return delay;
}

export default {
  summary: "encoding of recorded and eager steps, the hiding of read-backs, and where a step's time goes",
  options: {
    parts: { type: "string", description: "what to measure, with commas between", default: parts.join(",") },
    "node-only": { type: "boolean", description: "do not encode in a browser's worker as well" },
    rounds: { type: "string", description: "measurements of each side", default: "2" },
    tokens: { type: "string", description: "tokens each stream generates", default: "8" },
  },
  run,
} satisfies Benchmark;

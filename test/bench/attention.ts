import type { SequenceStep, StepPlan } from "../../src/engine/step.ts";
import type { Gpu } from "../../src/gpu/device.ts";
import { KernelCache } from "../../src/gpu/kernel.ts";
import type { AttentionForm } from "../../src/kernels/attention.ts";
import type { KvType } from "../../src/kernels/attention-layout.ts";
import { KV_QUAD_BYTES } from "../../src/kernels/attention-layout.ts";
import type { AttentionMode, Launch, SequenceSpan } from "../../src/kernels/attention-plan.ts";
import { attentionSetup } from "../../src/kernels/attention-setup.ts";
import { AttentionBench, type Trial } from "../../src/kernels/attention-trial.ts";
import type { KernelContext } from "../../src/kernels/recorder.ts";
import { GpuRunner } from "../../src/model/gpu-runner.ts";
import { planKvCache } from "../../src/model/kv-cache.ts";
import { attentionForm } from "../../src/model/llama.ts";
import { greedy } from "../support/greedy.ts";
import { type BenchContext, type Benchmark, countsOption, wordsOption } from "./harness/benchmark.ts";
import { openDawn } from "./harness/dawn.ts";
import { type RandomModel, randomRunner } from "./harness/random-runner.ts";
import { interleave, median, timed } from "./harness/samples.ts";
import { type ShapeName, shapes } from "./harness/shapes.ts";
import type { Cell } from "./harness/table.ts";

const parts = ["prompts", "mixed", "decode"] as const;
const SHORT_PROMPT = 32;

/** What is measured: attention by itself, and steps of a whole model of random weights. */
interface Rig {
  readonly context: BenchContext;
  readonly gpu: Gpu;
  readonly kernels: KernelContext;
  readonly form: AttentionForm;
  readonly model: RandomModel;
  readonly shape: ShapeName;
  readonly samples: {
    readonly warmupCount: number;
    readonly sampleCount: number;
    readonly signal: AbortSignal;
  };
}

async function run(context: BenchContext): Promise<void> {
  const { report, full, options } = context;
  const gpu = await openDawn(report);
  const [shape] = wordsOption(context, "shape", Object.keys(shapes) as ShapeName[]);
  const [kvType] = wordsOption<KvType>(context, "kv", ["f32", "f16", "int8"]);
  const model = await randomRunner(gpu, shape!, {
    kvType: kvType!,
    contextLen: 64,
    maxSequences: 1,
    maxStepTokens: 1,
  });
  const unused = gpu.device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE });
  const rig: Rig = {
    context,
    gpu,
    kernels: {
      kernels: new KernelCache(gpu.device),
      features: gpu.features,
      software: gpu.adapter.software,
      unused,
    },
    form: attentionForm(model.config, model.runner.model.kvPlan),
    model,
    shape: shape!,
    samples: { ...sampleCounts(context, full), signal: context.signal },
  };
  const { headCount, kvHeadCount, headDim } = rig.form;
  report.note(
    `Shape ${shape}: ${headCount} heads, ${kvHeadCount} KV heads of ${headDim}, ${kvType} cache. Medians of ` +
      `${rig.samples.sampleCount} after ${rig.samples.warmupCount} warm-ups, the sides in turn.`,
  );
  const chosen = String(options.parts).split(",");
  if (gpu.adapter.software) {
    report.note(
      "A software adapter has as many cores as the CPU and keeps no tile nearer than its caches: where it shows no " +
        "effect, the workgroups that could run at once and the bytes that are moved say what a GPU is spared.",
    );
  }
  if (chosen.includes("prompts")) await prompts(rig);
  if (chosen.includes("mixed")) await mixed(rig);
  if (chosen.includes("decode")) await decode(rig);
  model.dispose();
}

function sampleCounts(context: BenchContext, full: boolean) {
  const sampleCount =
    context.options.rounds === undefined ? (full ? 30 : 7) : countsOption(context, "rounds")[0]!;
  return { warmupCount: Math.min(10, Math.ceil(sampleCount / 3)), sampleCount };
}

/** One prompt, in one step: its latency by length, with the baseline's tile and with a tall one. */
async function prompts(rig: Rig): Promise<void> {
  const lengths = lengthsOption(
    rig,
    "prompts",
    [500, 1000, 1500, 2000, 4000, 8000, 16_000],
    [128, 512, 2048, 4096],
  );
  const rows = await compare(
    rig,
    lengths,
    ["unified", "tallTileOnly"],
    (length) => [{ queryLen: length, seqLen: length }],
    lengths.filter((length) => rig.context.full || length <= 512),
  );
  show(rig, "Prompts: 16-row tiles against tall ones", "prompt tokens", "16-row tile", "tall tile", rows);
}

/** One long decode among short prompts, served by one launch and by split ones. */
async function mixed(rig: Rig): Promise<void> {
  const lengths = lengthsOption(rig, "keys", [1024, 4096, 16_384, 65_536], [1024, 4096, 16_384]);
  const short = Array<SequenceSpan>(7).fill({ queryLen: SHORT_PROMPT, seqLen: SHORT_PROMPT });
  const batch = (keys: number) => [{ queryLen: 1, seqLen: keys }, ...short];
  const rows = await compare(rig, lengths, ["unified", "split"], batch, lengths);
  const title = `Mixed: one long decode among ${short.length} prompts of ${SHORT_PROMPT} tokens`;
  show(rig, title, "keys of the long sequence", "unified", "split", rows);
}

/** What a decode step's attention takes by the keys there are. */
async function decode(rig: Rig): Promise<void> {
  const lengths = lengthsOption(
    rig,
    "decode",
    [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536],
    [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536],
  );
  const bench = benchFor(rig, lengths, (keys) => [{ queryLen: 1, seqLen: keys }]);
  const trials = new Map(
    lengths.map((keys) => [
      keys,
      bench.prepare([{ queryLen: 1, seqLen: keys }], setupFor(rig, "split", keys)),
    ]),
  );
  const times = await interleave(kernelSides(trials, String), rig.samples);
  const points = lengths.map((keys): [number, number] => [keys, median(times[keys]!)]);
  const rows = points.map(([keys, ms]): Cell[] => [
    keys,
    ms,
    (1e6 * ms) / keys,
    workgroups(rig, trials.get(keys)!.launches),
    bytesMoved(rig.form, trials.get(keys)!.launches) / ms / 1e6,
  ]);
  dispose(trials, bench);
  const title = "Decode: attention of one token by KV length";
  const { report } = rig.context;
  report.table({ title, columns: ["keys", "kernel ms", "ns per key", "workgroups", "GB/s"], rows });
  const log = (label: string) => ({ label, scale: "log" as const });
  report.plot({ title, x: log("keys"), y: log("kernel time (ms)"), series: [{ name: "split", points }] });
}

interface Comparison {
  readonly length: number;
  /** Baseline, then ours. */
  readonly kernelMs: readonly [number, number];
  readonly stepMs: readonly [number, number] | undefined;
  readonly workgroups: readonly [number, number];
  readonly bytes: readonly [number, number];
}

/** Times two modes over batches of several lengths, both sides in turn; whole steps at `stepLengths` only. */
async function compare(
  rig: Rig,
  lengths: readonly number[],
  modes: readonly [AttentionMode, AttentionMode],
  batchOf: (length: number) => SequenceSpan[],
  stepLengths: readonly number[],
): Promise<Comparison[]> {
  const bench = benchFor(rig, lengths, batchOf);
  const steps = stepRunners(rig, stepLengths, modes, batchOf);
  const found: Comparison[] = [];
  for (const length of lengths) {
    rig.context.report.progress(`${modes.join(" and ")} at ${length}`);
    const batch = batchOf(length);
    const trials = new Map(modes.map((mode) => [mode, bench.prepare(batch, setupFor(rig, mode, length))]));
    const kernel = await interleave(kernelSides(trials, String), rig.samples);
    const both = <T>(of: (mode: AttentionMode) => T): [T, T] => [of(modes[0]), of(modes[1])];
    const launches = (mode: AttentionMode) => trials.get(mode)!.launches;
    found.push({
      length,
      kernelMs: both((mode) => median(kernel[mode]!)),
      stepMs: stepLengths.includes(length) ? await stepTimes(rig, steps, modes, stepPlan(batch)) : undefined,
      workgroups: both((mode) => workgroups(rig, launches(mode))),
      bytes: both((mode) => bytesMoved(rig.form, launches(mode))),
    });
    for (const trial of trials.values()) trial.dispose();
  }
  bench.dispose();
  for (const runner of steps) runner.dispose();
  return found;
}

function show(
  rig: Rig,
  title: string,
  x: string,
  baseline: string,
  ours: string,
  found: readonly Comparison[],
): void {
  const { report } = rig.context;
  report.table({
    title,
    columns: [
      x,
      `${baseline}: kernel ms`,
      `${ours}: kernel ms`,
      { name: "faster by", digits: 2 },
      `${baseline}: step ms`,
      `${ours}: step ms`,
      { name: "step faster by", digits: 2 },
      `${baseline}: workgroups`,
      `${ours}: workgroups`,
      `${baseline}: MB moved`,
      `${ours}: MB moved`,
    ],
    rows: found.map(({ length, kernelMs: [a, b], stepMs, workgroups, bytes }): Cell[] => [
      length,
      a,
      b,
      a / b,
      stepMs?.[0],
      stepMs?.[1],
      stepMs && stepMs[0] / stepMs[1],
      ...workgroups,
      ...bytes.map((count) => count / 1e6),
    ]),
  });
  const series = (name: string, side: 0 | 1, dashed: boolean) => ({
    name,
    points: found.map(({ length, kernelMs }): [number, number] => [length, kernelMs[side]]),
    dashed,
  });
  report.plot({
    title,
    x: { label: x, scale: "log" },
    y: { label: "attention of one layer (ms)", scale: "log" },
    series: [series(baseline, 0, true), series(ours, 1, false)],
  });
}

/** Whole steps of the model, a runner for each mode; none where no step is to be timed. */
function stepRunners(
  { gpu, model, form }: Rig,
  lengths: readonly number[],
  modes: readonly AttentionMode[],
  batchOf: (length: number) => SequenceSpan[],
): GpuRunner[] {
  if (lengths.length === 0) return [];
  const { tokenCount, sequenceCount, seqLen } = largest(lengths.map(batchOf));
  const { weights } = model.weights;
  // Rotations and KV go as far as is asked for here, whatever the model was trained for.
  const config = { ...model.config, contextLen: Math.max(model.config.contextLen, seqLen) };
  const kvPlan = planKvCache(config, {
    kvType: form.kvType,
    // Room for the long sequence and, in as much again, for the short ones; the device's own limits still hold.
    maxSequences: Math.min(sequenceCount, 2),
    contextLen: seqLen,
    budgetBytes: Number.MAX_SAFE_INTEGER,
    maxBindingBytes: gpu.device.limits.maxStorageBufferBindingSize,
  });
  const sizes = { maxSequences: sequenceCount, maxStepTokens: tokenCount };
  return modes.map((mode) => new GpuRunner({ gpu, config, weights, kvPlan, ...sizes, attention: { mode } }));
}

async function stepTimes(
  { samples }: Rig,
  runners: readonly GpuRunner[],
  modes: readonly AttentionMode[],
  plan: StepPlan,
): Promise<[number, number]> {
  await Promise.all(runners.map((runner) => runner.compile()));
  const sides = modes.map((mode, i) => [mode, () => timed(() => runners[i]!.execute(plan))] as const);
  const times = await interleave(Object.fromEntries(sides), samples);
  return [median(times[modes[0]!]!), median(times[modes[1]!]!)];
}

/** The batch as a step; its sequences share blocks, which costs what blocks of their own do. */
function stepPlan(batch: readonly SequenceSpan[]): StepPlan {
  const sequences = batch.map(({ queryLen, seqLen }, slot): SequenceStep => {
    const blocks = Array.from({ length: Math.ceil(seqLen / 16) }, (_, i) => i);
    const tokens = Array<number>(queryLen).fill(1);
    return { slot, tokens, position: seqLen - queryLen, blocks, sampleCount: 1, sampling: greedy };
  });
  return { sequences };
}

function benchFor(
  rig: Rig,
  lengths: readonly number[],
  batchOf: (length: number) => SequenceSpan[],
): AttentionBench {
  return new AttentionBench(rig.gpu.device, rig.kernels, rig.form, largest(lengths.map(batchOf)));
}

function largest(batches: readonly (readonly SequenceSpan[])[]) {
  return {
    tokenCount: Math.max(...batches.map((batch) => batch.reduce((sum, { queryLen }) => sum + queryLen, 0))),
    sequenceCount: Math.max(...batches.map(({ length }) => length)),
    seqLen: Math.max(...batches.flat().map(({ seqLen }) => seqLen)),
  };
}

function setupFor({ kernels, form }: Rig, mode: AttentionMode, contextLen: number) {
  return attentionSetup(kernels, form, { mode }, { maxSequences: 8, contextLen });
}

function kernelSides<Key>(trials: ReadonlyMap<Key, Trial>, name: (key: Key) => string) {
  const sides = [...trials].map(([key, trial]) => [name(key), () => trial.run(1)] as const);
  return Object.fromEntries(sides) as Record<string, () => Promise<number>>;
}

function dispose(trials: ReadonlyMap<unknown, Trial>, bench: AttentionBench): void {
  for (const trial of trials.values()) trial.dispose();
  bench.dispose();
}

/** Workgroups of a plan's first launch over rows: all that can run at once. */
function workgroups({ form }: Rig, launches: readonly Launch[]): number {
  const items = launches.map((launch) => (launch.kernel === "reduce" ? 0 : launch.items.length));
  return form.kvHeadCount * items.reduce((sum, count) => sum + count, 0);
}

/** Bytes of keys and values that a plan's workgroups read, and of partial results written and read. */
function bytesMoved({ kvHeadCount, headDim, kvType }: AttentionForm, launches: readonly Launch[]): number {
  const keyBytes = 2 * (headDim / 4) * KV_QUAD_BYTES[kvType];
  let bytes = 0;
  for (const launch of launches) {
    if (launch.kernel === "reduce") {
      const partials = launch.rows.reduce((sum, { segmentCount }) => sum + segmentCount, 0);
      bytes += 2 * 4 * (headDim + 4) * partials * kvHeadCount;
    } else {
      const keys = launch.items.reduce((sum, { firstKey, endKey }) => sum + endKey - firstKey, 0);
      bytes += keyBytes * keys * kvHeadCount;
    }
  }
  return bytes;
}

function lengthsOption({ context }: Rig, name: string, full: readonly number[], scaled: readonly number[]) {
  if (context.options[name] !== undefined) return countsOption(context, name);
  return context.full ? full : scaled;
}

export default {
  summary: "attention launched apart: tall tiles for prompts, split keys for decode, and what they are worth",
  options: {
    parts: { type: "string", default: parts.join(","), description: "which of its parts to run" },
    shape: { type: "string", default: "quire-demo", description: "the model's shape" },
    kv: { type: "string", default: "f16", description: "how keys and values are stored" },
    rounds: { type: "string", description: "samples of each side; 30, or 7 without --full" },
    prompts: { type: "string", description: "prompt lengths" },
    keys: { type: "string", description: "keys of the long sequence among short prompts" },
    decode: { type: "string", description: "keys of the sequence that decodes alone" },
  },
  run,
} satisfies Benchmark;

import type { WeightFormat } from "../../src/kernels/matrix.ts";
import { requiredTensors } from "../../src/model/tensors.ts";
import { Random } from "../support/random.ts";
import { type Ceilings, measureCeilings } from "./ceilings.ts";
import { type BenchContext, type Benchmark, countsOption, wordsOption } from "./harness/benchmark.ts";
import { openDawn } from "./harness/dawn.ts";
import { type RandomModel, randomRunner } from "./harness/random-runner.ts";
import { serve } from "./harness/serving.ts";
import { type ShapeName, shapes } from "./harness/shapes.ts";
import type { Cell } from "./harness/table.ts";

/** Tokens of a step at most: of prompts, and one of each stream that generates. */
const STEP_TOKENS = 512;

const WARM_UP_MS = 3000;

interface Case {
  readonly shape: ShapeName;
  readonly format: WeightFormat;
  readonly batch: number;
  readonly promptLen: number;
  readonly outputLen: number;
}

interface Speed {
  /** Prompt tokens per second, all streams together. */
  readonly prefill: number;
  /** Tokens per second and all streams together, once all have their first. */
  readonly decode: number;
  /** Between tokens of a stream. */
  readonly stepMs: number;
}

const columns = [
  "shape",
  "weights",
  "streams",
  "prompt",
  { name: "prefill tok/s", digits: 0 },
  { name: "of f32 peak %", digits: 1 },
  { name: "decode tok/s", digits: 1 },
  { name: "step ms", digits: 2 },
  { name: "of copy bandwidth %", digits: 1 },
];

async function run(context: BenchContext): Promise<void> {
  const { report, full, signal } = context;
  const gpu = await openDawn(report);
  const ceilings = await measureCeilings(gpu);
  const rows: Cell[][] = [];
  for (const shape of wordsOption(context, "shapes", Object.keys(shapes) as ShapeName[])) {
    for (const format of wordsOption(context, "formats", ["f16", "bf16", "f32"] as const)) {
      const promptLens = countsOption(context, "prompts");
      const outputLen = countsOption(context, "tokens")[0]!;
      const mostStreams = Math.max(...countsOption(context, "streams"));
      const mostLen = Math.max(...promptLens) + outputLen;
      const model = await randomRunner(gpu, shape, {
        format,
        contextLen: mostLen + prefillSteps(STEP_TOKENS, mostStreams, mostLen),
        maxSequences: mostStreams,
        maxStepTokens: STEP_TOKENS,
        ...(full ? { kvBudgetBytes: 16 * 2 ** 30 } : {}),
      });
      await warmUp(model, format, shape);
      for (const batch of countsOption(context, "streams")) {
        for (const promptLen of promptLens) {
          signal.throwIfAborted();
          rows.push(await row(ceilings, model, { shape, format, batch, promptLen, outputLen }));
          process.stderr.write(
            `${rows
              .at(-1)!
              .map((cell) => (typeof cell === "number" ? cell.toPrecision(4) : cell))
              .join("  ")}\n`,
          );
        }
      }
      model.dispose();
    }
  }
  report.table({ title: "Prefill and decode by shape", columns, rows });
}

/** Until clocks and compilers have settled: the first seconds of a device that idled are slow. */
async function warmUp(model: RandomModel, format: WeightFormat, shape: ShapeName): Promise<void> {
  const endMs = performance.now() + WARM_UP_MS;
  do await measure(model, { shape, format, batch: 1, promptLen: 16, outputLen: 16 });
  while (performance.now() < endMs);
}

async function row(ceilings: Ceilings, model: RandomModel, each: Case): Promise<Cell[]> {
  await measure(model, { ...each, outputLen: 8 });
  const { prefill, decode, stepMs } = await measure(model, each);
  const { config } = model;
  const products = requiredTensors(config).filter(({ shape }) => shape.length === 2);
  const parameters = products.reduce((sum, { shape }) => sum + shape[0]! * shape[1]!, 0);
  // A tied head is read once a step; an embedding of its own is only looked up.
  const embedding = config.vocabSize * config.hiddenSize;
  const readParameters = config.tiedEmbeddings ? parameters : parameters - embedding;
  const bytes = readParameters * (each.format === "f32" ? 4 : 2);
  const prefillFlop = 2 * (parameters - (config.tiedEmbeddings ? 1 : 2) * embedding);
  return [
    each.shape,
    each.format,
    each.batch,
    each.promptLen,
    prefill,
    (100 * prefill * prefillFlop) / ceilings.f32FlopPerS,
    decode,
    stepMs,
    (100 * bytes * 1000) / stepMs / ceilings.copyBytesPerS,
  ];
}

/**
 * Streams that start together, each with a prompt of its own. Decoding is measured while all of them generate: from the
 * last one's first token to the first one's last.
 */
async function measure(
  { config, runner }: RandomModel,
  { batch, promptLen, outputLen }: Case,
): Promise<Speed> {
  const random = new Random(promptLen + batch);
  const jobs = Array.from({ length: batch }, () => ({
    promptIds: Array.from({ length: promptLen }, () => random.integer(config.vocabSize)),
    maxTokens: outputLen + prefillSteps(STEP_TOKENS, batch, promptLen),
  }));
  const { served } = await serve(runner, jobs, { prefixCache: false });
  const startedMs = Math.min(...served.map((each) => each.startedMs));
  const allStartedMs = Math.max(...served.map(({ tokenMs }) => tokenMs[0]!));
  const firstEndMs = Math.min(...served.map(({ tokenMs }) => tokenMs.at(-1)!));
  const steady = served.map(({ tokenMs }) => tokenMs.filter((ms) => ms > allStartedMs && ms <= firstEndMs));
  const decode = (1000 * steady.flat().length) / (firstEndMs - allStartedMs);
  return {
    prefill: (1000 * batch * promptLen) / (allStartedMs - startedMs),
    decode,
    stepMs: (1000 * batch) / decode,
  };
}

/** Most steps in which earlier streams generate while later ones read their prompts. */
function prefillSteps(stepTokens: number, batch: number, promptLen: number): number {
  return batch === 1 ? 0 : Math.ceil((batch * promptLen) / (stepTokens - batch)) + 1;
}

export default {
  summary:
    "prefill and decode tokens/s of published shapes with random weights, beside the device's ceilings",
  options: {
    shapes: { type: "string", description: "shapes, with commas between", default: "smollm2-135m" },
    formats: { type: "string", description: "weight formats: f16, bf16, f32", default: "f16" },
    streams: { type: "string", description: "streams at once", default: "1,8" },
    prompts: { type: "string", description: "prompt lengths in tokens", default: "64" },
    tokens: { type: "string", description: "tokens of each stream while all generate", default: "32" },
  },
  run,
} satisfies Benchmark;

import { CommandList } from "../../src/gpu/command-list.ts";
import type { Gpu } from "../../src/gpu/device.ts";
import { KernelCache } from "../../src/gpu/kernel.ts";
import { type Linear, linear } from "../../src/kernels/linear.ts";
import type { StepShape } from "../../src/kernels/step-metadata.ts";
import { type Ceilings, measureCeilings } from "./ceilings.ts";
import { type BenchContext, type Benchmark, countsOption } from "./harness/benchmark.ts";
import { openDawn } from "./harness/dawn.ts";
import { decodeStep } from "./harness/encode-times.ts";
import { type RandomModel, randomRunner } from "./harness/random-runner.ts";
import { interleave, median, timed } from "./harness/samples.ts";
import { type ShapeName, shapes } from "./harness/shapes.ts";
import type { Cell } from "./harness/table.ts";

const batches = [1, 2, 4, 8, 16];

async function run(context: BenchContext): Promise<void> {
  const { report, full } = context;
  const gpu = await openDawn(report);
  const ceilings = await measureCeilings(gpu);
  const names = String(context.options.shapes).split(",") as ShapeName[];
  for (const shape of names) {
    const model = await randomRunner(gpu, shape, {
      contextLen: 256,
      maxSequences: 16,
      maxStepTokens: full ? 512 : 64,
    });
    await stepsByBatch(context, shape, model);
    await productsByRows(context, gpu, ceilings, shape, model);
    model.dispose();
  }
}

/** What more sequences cost a decode step, whose weights are read once for all of them. */
async function stepsByBatch(context: BenchContext, shape: ShapeName, { runner }: RandomModel): Promise<void> {
  const [rounds] = countsOption(context, "rounds");
  let position = 0;
  const sides = batches.map((batch) => {
    const step = () => timed(() => runner.execute(decodeStep(batch, position++ % 200)));
    return [String(batch), step] as const;
  });
  const samples = await interleave(Object.fromEntries(sides), {
    warmupCount: 2,
    sampleCount: rounds!,
    signal: context.signal,
  });
  const alone = median(samples["1"]!);
  context.report.table({
    title: `A decode step of ${shape} by batch, f16 weights`,
    columns: ["sequences", { name: "step ms", digits: 2 }, { name: "of one sequence's", digits: 2 }, "tok/s"],
    rows: batches.map((batch): Cell[] => {
      const stepMs = median(samples[batch]!);
      return [batch, stepMs, stepMs / alone, (1000 * batch) / stepMs];
    }),
  });
}

/** The products of a layer and of the head by themselves, for a few rows and for many. */
async function productsByRows(
  { report, full, signal, options }: BenchContext,
  gpu: Gpu,
  ceilings: Ceilings,
  shape: ShapeName,
  { runner }: RandomModel,
): Promise<void> {
  const { repeats } = full ? { repeats: 50 } : { repeats: 2 };
  const rowCounts = String(options.rows).split(",").map(Number);
  const rows: Cell[][] = [];
  for (const [name, op] of products(runner.model)) {
    for (const rowCount of rowCounts) {
      signal.throwIfAborted();
      if (4 * rowCount * op.outputStride > op.output.size) continue;
      const ms = await productMs(gpu, op, rowCount, repeats);
      const outputs = op.matrix.outputCount * (op.swiglu ? 2 : 1);
      const bytes = 2 * outputs * op.matrix.inputCount;
      const flop = bytes * rowCount;
      rows.push([
        name,
        outputs,
        op.matrix.inputCount,
        rowCount,
        1000 * ms,
        (100 * 1000 * bytes) / ms / ceilings.copyBytesPerS,
        (100 * 1000 * flop) / ms / ceilings.f32FlopPerS,
      ]);
    }
  }
  report.table({
    title: `Products of ${shape} by themselves, f16 weights`,
    columns: [
      "product",
      "outputs",
      "inputs",
      "rows",
      { name: "us", digits: 1 },
      { name: "% of copy bandwidth", digits: 1 },
      { name: "% of f32 peak", digits: 1 },
    ],
    rows,
  });
}

function products({ config, weights, activations }: RandomModel["runner"]["model"]): [string, Linear][] {
  const { hidden, qkv, attended, mlp, logits } = activations;
  const [layer] = weights.layers;
  const { hiddenSize, normEpsilon: epsilon } = config;
  const normed = { norm: { gains: layer!.mlpNorm, epsilon }, input: hidden };
  const { qkv: stacked, output, gateUp, down } = layer!;
  const residual = { output: hidden, outputStride: hiddenSize, accumulate: true };
  return [
    ["qkv", { ...normed, matrix: stacked, output: qkv, outputStride: stacked.outputCount }],
    ["output", { ...residual, matrix: output, input: attended }],
    ["gate, up", { ...normed, matrix: gateUp, output: mlp, outputStride: gateUp.outputCount, swiglu: true }],
    ["down", { ...residual, matrix: down, input: mlp }],
    ["head", { ...normed, matrix: weights.head, output: logits, outputStride: config.vocabSize }],
  ];
}

/** Milliseconds of one product, from many in one submit; the least of three runs. */
async function productMs(gpu: Gpu, op: Linear, rowCount: number, repeats: number): Promise<number> {
  const { device, adapter, features } = gpu;
  const kernels = new KernelCache(device);
  const unused = device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE });
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  const step = device.createBuffer({ size: 1024, usage });
  device.queue.writeBuffer(step, 0, Uint32Array.of(rowCount));
  const context = { kernels, features, software: adapter.software, unused };
  const list = new CommandList(linear(context, op, rowCount));
  await kernels.compile();
  const shape: StepShape = {
    tokenCount: rowCount,
    sequenceCount: 1,
    sampleCount: rowCount,
    markCount: 0,
    attention: [],
  };
  const group = kernels.bindShared(step);
  const launch = async () => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setBindGroup(0, group);
    for (let i = 0; i < repeats; i++) list.encode(pass, shape);
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
  };
  const times: number[] = [];
  for (let i = 0; i < 4; i++) times.push((await timed(launch)) / repeats);
  step.destroy();
  unused.destroy();
  return Math.min(...times.slice(1));
}

export default {
  summary: "matrix products: a decode step by batch, and each product by itself beside the ceilings",
  options: {
    shapes: {
      type: "string",
      description: `shapes of ${Object.keys(shapes).join(", ")}`,
      default: "smollm2-135m",
    },
    rows: { type: "string", description: "input rows of the products", default: "1,8,16,64,512" },
    rounds: { type: "string", description: "steps measured of each batch", default: "5" },
  },
  run,
} satisfies Benchmark;

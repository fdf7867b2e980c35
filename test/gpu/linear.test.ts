import { beforeAll, describe, expect, it } from "vitest";
import { type Linear, linear } from "../../src/kernels/linear.ts";
import type { Matrix, WeightFormat } from "../../src/kernels/matrix.ts";
import type { KernelContext } from "../../src/kernels/recorder.ts";
import { EPSILON, encodeWeights, linearReference } from "../reference/linear.ts";
import { expectClose } from "../support/close.ts";
import { TestGpu } from "../support/gpu.ts";
import { Random } from "../support/random.ts";
import { kernelContext, plainStep } from "../support/step.ts";
import { TOLERANCES } from "../support/tolerance.ts";

interface Case {
  rows: number;
  inputCount: number;
  outputCount: number;
  format?: WeightFormat;
  norm?: boolean;
  bias?: boolean;
  swiglu?: boolean;
  accumulate?: boolean;
  parts?: number;
  /** What the list was recorded for; the number of rows where left out. */
  rowLimit?: number;
}

const shapes: Case[] = [
  { rows: 1, inputCount: 64, outputCount: 128 },
  { rows: 1, inputCount: 172, outputCount: 65 },
  { rows: 3, inputCount: 256, outputCount: 96 },
  { rows: 8, inputCount: 512, outputCount: 40 },
  { rows: 13, inputCount: 96, outputCount: 130 },
  { rows: 17, inputCount: 172, outputCount: 70 },
  { rows: 70, inputCount: 64, outputCount: 100 },
  { rows: 2, inputCount: 64, outputCount: 50, rowLimit: 128 },
];

const extras: Partial<Case>[] = [
  {},
  { norm: true },
  { bias: true },
  { accumulate: true },
  { swiglu: true, norm: true },
  { swiglu: true, norm: true, bias: true, parts: 3 },
  { parts: 2, bias: true },
];

describe("linear products equal their reference", () => {
  let test: TestGpu;
  let plain: TestGpu;
  beforeAll(async () => {
    test = await TestGpu.open();
    plain = await TestGpu.open({ without: ["subgroups", "shader-f16"] });
  });

  // Half of the combinations of shape and extra, the formats in turn: compiling is what takes the time.
  const formats = ["f32", "f16", "bf16"] as const;
  for (const [s, shape] of shapes.entries()) {
    for (const [e, extra] of extras.entries()) {
      if ((s + e) % 2 === 1) continue;
      const one: Case = { ...shape, ...extra, format: formats[(s + e) % formats.length]! };
      it(name(one), async () => {
        await check(test, kernelContext(test), one);
      });
    }
  }

  // Their kernels are large, so a software driver takes seconds over each.
  for (const [s, rows] of [1, 5, 16, 70].entries()) {
    const one: Case = { ...shapes[s]!, rows, norm: true, swiglu: true };
    it(`with a graphics card's work sizes, ${name(one)}`, async () => {
      await check(test, kernelContext(test, false), one);
    });
  }

  for (const shape of shapes) {
    it(`without subgroups, ${name(shape)}`, async () => {
      await check(plain, kernelContext(plain), { ...shape, norm: true });
    });
  }
});

describe("a row's product is the same to the bit whatever the number of rows beside it", () => {
  let test: TestGpu;
  beforeAll(async () => {
    test = await TestGpu.open();
  });

  const normed = { norm: true, bias: true, swiglu: true };
  const cases: { software: boolean; inputCount: number; rowCounts: number[]; extra: Partial<Case> }[] = [
    { software: true, inputCount: 576, rowCounts: [20, 16, 7, 4, 2, 1], extra: normed },
    { software: true, inputCount: 172, rowCounts: [20, 16, 7, 4, 2, 1], extra: { accumulate: true } },
    { software: false, inputCount: 584, rowCounts: [20, 8, 1], extra: { norm: true } },
  ];
  for (const { software, inputCount, rowCounts, extra } of cases) {
    const sizes = software ? "a software adapter's" : "a graphics card's";
    it(`${inputCount} inputs, ${sizes} work sizes, ${JSON.stringify(extra)}`, async () => {
      const context = kernelContext(test, software);
      const one: Case = { rows: rowCounts[0]!, inputCount, outputCount: 40, format: "bf16", ...extra };
      const { op, output } = operation(test, one);
      const outputs: Uint32Array[] = [];
      for (const rows of rowCounts) {
        test.device.queue.writeBuffer(output, 0, new Float32Array(rows * one.outputCount));
        const { metadata, shape } = plainStep(rows);
        await test.run(linear(context, op, rows), test.stepBuffer(metadata.words), shape);
        outputs.push((await test.readWords(output)).subarray(0, rows * one.outputCount));
      }
      for (const [i, fewer] of outputs.entries()) {
        const different = fewer.findIndex((word, at) => word !== outputs[0]![at]);
        expect(different, `first word of ${rowCounts[i]} rows that is another beside ${rowCounts[0]}`).toBe(
          -1,
        );
      }
    });
  }
});

function name({ rows, inputCount, outputCount, format = "f32", rowLimit, ...extra }: Case): string {
  const switches = Object.entries(extra).map(([key, value]) => (value === true ? key : `${value} ${key}`));
  const recorded = rowLimit ? ` recorded for ${rowLimit}` : "";
  return [`${rows} rows${recorded} by ${inputCount} to ${outputCount}`, format, ...switches].join(", ");
}

async function check(test: TestGpu, context: KernelContext, one: Case): Promise<void> {
  const { rows, outputCount, format = "f32" } = one;
  const { op, output, before, reference } = operation(test, one);
  const { metadata, shape } = plainStep(rows);
  await test.run(linear(context, op, one.rowLimit ?? rows), test.stepBuffer(metadata.words), shape);
  const wanted = linearReference(reference);
  if (one.accumulate) for (let i = 0; i < wanted.length; i++) wanted[i]! += before[i]!;
  const got = (await test.readFloats(output)).subarray(0, rows * outputCount);
  expectClose(got, wanted, format === "f32" ? TOLERANCES.f32 : { atol: 2e-4, rtol: 2e-4 });
}

/** A product of random values, on the GPU and for the reference. */
function operation(test: TestGpu, one: Case) {
  const random = new Random(one.rows * 1009 + one.inputCount);
  const { rows, inputCount, outputCount, swiglu = false } = one;
  const stacked = swiglu ? 2 * outputCount : outputCount;
  const input = random.normals(rows * inputCount);
  const before = random.normals(rows * outputCount);
  const gains = one.norm ? random.normals(inputCount) : undefined;
  const bias = one.bias ? random.normals(stacked) : undefined;
  const plainWeights = random.normals(stacked * inputCount, inputCount ** -0.5);
  const { matrix, weights } = matrixOf(test, one, plainWeights);
  const output = one.accumulate ? test.upload(Float32Array.from(before)) : test.poisoned(rows * outputCount);
  const op: Linear = {
    matrix,
    input: test.upload(Float32Array.from(input)),
    output,
    outputStride: outputCount,
    ...(gains ? { norm: { gains: test.upload(Float32Array.from(gains)), epsilon: EPSILON } } : {}),
    ...(bias ? { bias: test.upload(Float32Array.from(bias)) } : {}),
    swiglu,
    accumulate: one.accumulate ?? false,
  };
  return {
    op,
    output,
    before,
    reference: { rows, inputCount, outputCount, weights, input, gains, bias, swiglu },
  };
}

/** The matrix on the GPU, in one part or several, and its values as rounded to the format. */
function matrixOf(test: TestGpu, one: Case, values: Float64Array): { matrix: Matrix; weights: Float64Array } {
  const { inputCount, outputCount, format = "f32", parts: partCount = 1 } = one;
  const { rounded } = encodeWeights(values, format);
  const perPart = Math.ceil(outputCount / partCount / 4) * 4;
  const parts = [];
  for (let firstOutput = 0; firstOutput < outputCount; firstOutput += perPart) {
    const count = Math.min(perPart, outputCount - firstOutput);
    const rowsAt = (first: number) => rounded.subarray(first * inputCount, (first + count) * inputCount);
    const rows = one.swiglu
      ? [...rowsAt(firstOutput), ...rowsAt(outputCount + firstOutput)]
      : rowsAt(firstOutput);
    const { words } = encodeWeights(Float64Array.from(rows), format);
    parts.push({ buffer: test.upload(words), firstOutput, outputCount: count });
  }
  return { matrix: { name: "test", format, inputCount, outputCount, parts }, weights: rounded };
}

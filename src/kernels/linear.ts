import laneSumPlain from "../../shaders/lane_sum_plain.wgsl?raw";
import laneSumSubgroup from "../../shaders/lane_sum_subgroup.wgsl?raw";
import linearShader from "../../shaders/linear.wgsl?raw";
import tiledShader from "../../shaders/linear_tiled.wgsl?raw";
import vectorShader from "../../shaders/linear_vector.wgsl?raw";
import stepShader from "../../shaders/step.wgsl?raw";
import weightsShader from "../../shaders/weights.wgsl?raw";
import type { ShaderConstants } from "../gpu/shader.ts";
import { FORMAT_CODES, type Matrix, type MatrixPart } from "./matrix.ts";
import { type KernelContext, resolve, type StepDispatch } from "./recorder.ts";
import type { StepShape } from "./step-metadata.ts";

/** `output = W · input`, with what comes before and after it. Shapes in elements, all f32 but the weights. */
export interface Linear {
  readonly matrix: Matrix;
  /** `[rows][inputCount]`. */
  readonly input: GPUBuffer;
  /** `[rows][outputStride]`. */
  readonly output: GPUBuffer;
  readonly outputStride: number;
  /** RMS-normalises the input first: its gains `[inputCount]`, and the epsilon under the root. */
  readonly norm?: { readonly gains: GPUBuffer; readonly epsilon: number };
  /** `[outputCount]`. */
  readonly bias?: GPUBuffer | undefined;
  /** The matrix holds gates and ups; the output is silu(gate) · up. */
  readonly swiglu?: boolean;
  /** Adds to what `output` holds instead of replacing it. */
  readonly accumulate?: boolean;
  /** Only the rows of the step that a token is sampled from, instead of all its tokens. */
  readonly sampledRows?: boolean;
}

/** Row counts up to this one have forms of their own, which read every weight once; above it, tiles. */
export const MAX_VECTOR_ROWS = 16;

/** Rows a vector form computes side by side. */
const columnForms = [1, 2, 4, 8, 16] as const;

/** The launches of a product for `rowLimit` rows at most; which of them run follows from the step's row count. */
export function linear(context: KernelContext, op: Linear, rowLimit: number): StepDispatch[] {
  return op.matrix.parts.flatMap((part) => formsFor(op, rowLimit).map((form) => form(context, op, part)));
}

type Form = (context: KernelContext, op: Linear, part: MatrixPart) => StepDispatch;

/**
 * A list is recorded for a limit on its tokens, so the form is known when it is recorded; only the sampled rows
 * of a prefill step, one or many, leave it open until the step.
 */
function formsFor(op: Linear, rowLimit: number): Form[] {
  const fits = columnForms.find((columns) => columns >= rowLimit);
  if (fits) return [vectorForm(fits, 1, fits)];
  if (!op.sampledRows) return [tiledForm(1)];
  return [vectorForm(1, 1, 1), vectorForm(4, 2, 4), vectorForm(16, 5, 16), tiledForm(17)];
}

function rowsOf(op: Linear, shape: StepShape): number {
  return op.sampledRows ? shape.sampleCount : shape.tokenCount;
}

function constantsOf({ software }: KernelContext, op: Linear, part: MatrixPart) {
  return {
    INPUTS: op.matrix.inputCount,
    OUTPUTS: op.swiglu ? 2 * part.outputCount : part.outputCount,
    PAIR_OFFSET: part.outputCount,
    BIAS_PAIR_OFFSET: op.matrix.outputCount,
    FIRST_OUTPUT: part.firstOutput,
    OUTPUT_STRIDE: op.outputStride,
    FORMAT: FORMAT_CODES[op.matrix.format],
    EPSILON: op.norm?.epsilon ?? 0,
    NORM: op.norm ? 1 : 0,
    BIAS: op.bias ? 1 : 0,
    SWIGLU: op.swiglu ? 1 : 0,
    ACCUMULATE: op.accumulate ? 1 : 0,
    SAMPLED_ROWS: op.sampledRows ? 1 : 0,
    ...summation(op.matrix, software),
  };
}

/** The order in which a matrix's products are summed: the same in all forms, see shaders/linear.wgsl. */
function summation({ inputCount }: Matrix, software: boolean) {
  const chunkQuads = inputCount % 8 === 0 ? 2 : 1;
  let lanes = software ? 4 : 32;
  while (lanes > 1 && lanes * chunkQuads * 4 > inputCount) lanes /= 2;
  return { LANES: lanes, CHUNK_QUADS: chunkQuads };
}

/** Runs for `least` to `most` rows, `columns` of them per workgroup. */
function vectorForm(columns: number, least: number, most: number): Form {
  return (context, op, part) => {
    const constants = vectorConstants(context, op, part, columns);
    const perWorkgroup = (constants.WORKGROUP / constants.LANES) * constants.GROUP_OUTPUTS;
    const workgroups = Math.ceil(constants.OUTPUTS / perWorkgroup);
    const laneSum = addsInSubgroup(context, constants.LANES) ? laneSumSubgroup : laneSumPlain;
    return launch(context, op, part, `linear_vector`, [laneSum, vectorShader], constants, (shape) => {
      const rows = rowsOf(op, shape);
      return rows < least || rows > most ? [0] : [workgroups, Math.ceil(rows / columns)];
    });
  };
}

/**
 * Whether a group of lanes adds up by shuffling: where even the smallest subgroup holds it, and while it is small.
 * Every lane then adds up every sum; through workgroup memory the lanes share the sums out among themselves.
 */
function addsInSubgroup({ features }: KernelContext, lanes: number): boolean {
  return features.subgroups && lanes <= Math.min(features.subgroupMinSize, 8);
}

/** Partial sums of an invocation that go through workgroup memory at a time: 12 KiB for 128 invocations. */
const MOST_IN_PASS = 24;

/** Outputs from which on there are workgroups enough for a group to make four. */
const MANY_OUTPUTS = 8192;

function vectorConstants(context: KernelContext, op: Linear, part: MatrixPart, columns: number) {
  const constants = constantsOf(context, op, part);
  const groupOutputs = context.software
    ? Math.max(2, Math.min(4, 16 / columns))
    : constants.OUTPUTS < MANY_OUTPUTS
      ? 2
      : 4;
  const sums = groupOutputs * columns + (op.norm ? columns : 0);
  return {
    ...constants,
    WORKGROUP: context.software ? 16 : 128,
    GROUP_OUTPUTS: groupOutputs,
    COLUMNS: columns,
    SUMS: sums,
    PASS: sums / passCount(sums),
  };
}

function passCount(sums: number): number {
  let count = Math.ceil(sums / MOST_IN_PASS);
  while (sums % count !== 0) count++;
  return count;
}

const hardwareTile = { TILE_ROWS: 64, TILE_OUTPUTS: 64, THREAD_ROWS: 8, THREAD_OUTPUTS: 4, SLICE_QUADS: 4 };
/** Software drivers take long to compile what is unrolled far. */
const softwareTile = { TILE_ROWS: 16, TILE_OUTPUTS: 16, THREAD_ROWS: 4, THREAD_OUTPUTS: 4, SLICE_QUADS: 4 };

/** Runs for `least` rows and more. */
function tiledForm(least: number): Form {
  return (context, op, part) => {
    const tile = context.software ? softwareTile : hardwareTile;
    const constants = { ...constantsOf(context, op, part), ...tile };
    const tiles = Math.ceil(constants.OUTPUTS / tile.TILE_OUTPUTS);
    return launch(context, op, part, "linear_tiled", [tiledShader], constants, (shape) => {
      const rows = rowsOf(op, shape);
      return rows < least ? [0] : [tiles, Math.ceil(rows / tile.TILE_ROWS)];
    });
  };
}

function launch(
  context: KernelContext,
  op: Linear,
  part: MatrixPart,
  name: string,
  shaders: readonly string[],
  constants: ShaderConstants,
  grid: StepDispatch["grid"],
): StepDispatch {
  const sources = [stepShader, weightsShader, linearShader, ...shaders];
  return resolve(
    context,
    { name, sources, constants, bindings: ["read", "read", "read", "read", "write"] },
    [part.buffer, op.input, op.norm?.gains ?? context.unused, op.bias ?? context.unused, op.output],
    grid,
  );
}

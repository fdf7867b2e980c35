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

function constantsOf(op: Linear, part: MatrixPart): Record<string, number> {
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
  };
}

/** Runs for `least` to `most` rows, `columns` of them per workgroup. */
function vectorForm(columns: number, least: number, most: number): Form {
  return (context, op, part) => {
    const constants = vectorConstants(context, op, part, columns);
    const perWorkgroup = (constants.WORKGROUP / constants.LANES) * constants.GROUP_OUTPUTS;
    const workgroups = Math.ceil(constants.OUTPUTS / perWorkgroup);
    const laneSum = inSubgroup(context, constants.LANES) ? laneSumSubgroup : laneSumPlain;
    return launch(context, op, part, `linear_vector`, [laneSum, vectorShader], constants, (shape) => {
      const rows = rowsOf(op, shape);
      return rows < least || rows > most ? [0] : [workgroups, Math.ceil(rows / columns)];
    });
  };
}

/** A group of lanes can add up by shuffling where even the smallest subgroup holds it. */
function inSubgroup({ features }: KernelContext, lanes: number): boolean {
  return features.subgroups && lanes <= features.subgroupMinSize;
}

function vectorConstants(context: KernelContext, op: Linear, part: MatrixPart, columns: number) {
  const { inputCount } = op.matrix;
  const chunkQuads = inputCount % 8 === 0 ? 2 : 1;
  const groupOutputs = Math.max(2, Math.min(4, (context.software ? 16 : 32) / columns));
  let lanes = context.software ? 4 : 32;
  while (lanes > 1 && lanes * chunkQuads * 4 > inputCount) lanes /= 2;
  const sums = groupOutputs * columns + (op.norm ? columns : 0);
  return {
    ...constantsOf(op, part),
    OUTPUTS: op.swiglu ? 2 * part.outputCount : part.outputCount,
    WORKGROUP: context.software ? 16 : 128,
    LANES: lanes,
    GROUP_OUTPUTS: groupOutputs,
    COLUMNS: columns,
    CHUNK_QUADS: chunkQuads,
    SUMS: sums,
  };
}

const hardwareTile = { TILE_ROWS: 64, TILE_OUTPUTS: 64, THREAD_ROWS: 8, THREAD_OUTPUTS: 4, SLICE_QUADS: 4 };
/** Software drivers take long to compile what is unrolled far. */
const softwareTile = { TILE_ROWS: 16, TILE_OUTPUTS: 16, THREAD_ROWS: 4, THREAD_OUTPUTS: 4, SLICE_QUADS: 4 };

/** Runs for `least` rows and more. */
function tiledForm(least: number): Form {
  return (context, op, part) => {
    const tile = context.software ? softwareTile : hardwareTile;
    const constants = { ...constantsOf(op, part), ...tile };
    const tiles = Math.ceil((op.swiglu ? 2 * part.outputCount : part.outputCount) / tile.TILE_OUTPUTS);
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

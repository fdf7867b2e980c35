import laneSumShader from "../../shaders/lane_sum.wgsl?raw";
import linearShader from "../../shaders/linear.wgsl?raw";
import heldShader from "../../shaders/linear_held.wgsl?raw";
import heldPlain from "../../shaders/linear_held_plain.wgsl?raw";
import heldQuad from "../../shaders/linear_held_quad.wgsl?raw";
import heldSubgroup from "../../shaders/linear_held_subgroup.wgsl?raw";
import rowsShader from "../../shaders/linear_rows.wgsl?raw";
import stagedShader from "../../shaders/linear_staged.wgsl?raw";
import tiledShader from "../../shaders/linear_tiled.wgsl?raw";
import vectorShader from "../../shaders/linear_vector.wgsl?raw";
import stepShader from "../../shaders/step.wgsl?raw";
import weightsShader from "../../shaders/weights.wgsl?raw";
import weightsNarrow from "../../shaders/weights_narrow.wgsl?raw";
import weightsWide from "../../shaders/weights_wide.wgsl?raw";
import type { Grid } from "../gpu/command-list.ts";
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

/** Row counts at which one form of the product ends and the next begins; above the last there is one more. */
export function rowLimits(context: KernelContext): number[] {
  return formsOf(context)
    .map(({ most }) => most)
    .filter(Number.isFinite);
}

/** The launches of a product for `rowLimit` rows at most; which of them run follows from the step's row count. */
export function linear(context: KernelContext, op: Linear, rowLimit: number): StepDispatch[] {
  const forms = formsFor(context, op, rowLimit);
  return op.matrix.parts.flatMap((part) => forms.map((form) => launch(context, op, part, form)));
}

/** One kernel for a product, and the row counts it runs for. */
interface Form {
  readonly name: string;
  readonly shaders: readonly string[];
  readonly constants: (op: Linear, part: MatrixPart) => FormConstants;
  readonly unrolled?: readonly string[];
  /** Workgroups for a number of rows. */
  readonly grid: (rows: number, constants: FormConstants) => Grid;
  readonly least: number;
  readonly most: number;
}

type FormConstants = Readonly<Record<string, number>> & { readonly OUTPUTS: number };

/** All forms, by the row counts they are for. */
function formsOf(context: KernelContext): Form[] {
  return context.software
    ? [rowsForm(context, 1, 1), rowsForm(context, 2, 4), rowsForm(context, 5, 8, Infinity)]
    : [vectorForm(1), vectorForm(2), stagedForm(context, 3, 64), tiledForm(65)];
}

/**
 * A list is recorded for a limit on its tokens, so the form is known when it is recorded; only the sampled rows
 * of a prefill step, one or many, leave it open until the step.
 */
function formsFor(context: KernelContext, op: Linear, rowLimit: number): Form[] {
  const forms = formsOf(context);
  if (op.sampledRows) return forms.filter(({ least }) => least <= rowLimit);
  // Whatever step a list is chosen for, it must serve fewer rows too.
  return forms
    .filter(({ least, most }) => least <= rowLimit && rowLimit <= most)
    .map((form) => ({ ...form, least: 1 }));
}

function rowsOf(op: Linear, shape: StepShape): number {
  return op.sampledRows ? shape.sampleCount : shape.tokenCount;
}

function constantsOf(op: Linear, part: MatrixPart) {
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
    ...summation(op.matrix),
  };
}

/** The order in which a matrix's products are summed: the same in all forms, see shaders/linear.wgsl. */
function summation({ inputCount }: Matrix) {
  const chunkQuads = inputCount % 8 === 0 ? 2 : 1;
  let lanes = 32;
  while (lanes > 1 && lanes * chunkQuads * 4 > inputCount) lanes /= 2;
  return { LANES: lanes, CHUNK_QUADS: chunkQuads };
}

/** Outputs from which on there are workgroups enough for a group to make four. */
const MANY_OUTPUTS = 8192;

/** Every lane of a group reads its own part of the inputs, of one row or two. */
function vectorForm(rows: 1 | 2): Form {
  return {
    name: "linear_vector",
    shaders: [weightsWide, laneSumShader, vectorShader],
    constants: (op, part) => {
      const constants = constantsOf(op, part);
      const groupOutputs = constants.OUTPUTS >= MANY_OUTPUTS ? 4 : 2;
      return {
        ...constants,
        WORKGROUP: 128,
        GROUP_OUTPUTS: groupOutputs,
        COLUMNS: rows,
        SUMS: groupOutputs * rows + (op.norm ? rows : 0),
      };
    },
    grid: (_rows, { OUTPUTS, WORKGROUP, LANES, GROUP_OUTPUTS }) => [
      Math.ceil(OUTPUTS / ((WORKGROUP! / LANES!) * GROUP_OUTPUTS!)),
    ],
    least: rows,
    most: rows,
  };
}

/** Rows in a block of the forms that make four at a time. */
const BLOCK_ROWS = 4;
/** Groups of a workgroup of the staged form: each stages one row. */
const STAGED_GROUPS = BLOCK_ROWS;

/** A graphics card's form for several rows: a workgroup stages the inputs that all its groups need. */
function stagedForm({ kernels }: KernelContext, least: number, most: number): Form {
  // What is staged and summed takes 22 KB with eight outputs, 13 KB with four.
  const roomy = kernels.limits.maxComputeWorkgroupStorageSize >= 32_768;
  const sizes = { GROUP_OUTPUTS: roomy ? 8 : 4 };
  return {
    name: "linear_staged",
    shaders: [weightsWide, stagedShader],
    constants: (op, part) => ({ ...constantsOf(op, part), ...sizes }),
    grid: (rows, { OUTPUTS }) => [
      Math.ceil(rows / BLOCK_ROWS),
      Math.ceil(OUTPUTS / (STAGED_GROUPS * sizes.GROUP_OUTPUTS)),
    ],
    least,
    most,
  };
}

/** Invocations in a workgroup of a software adapter's forms. */
const SOFTWARE_WORKGROUP = 16;

/** Groups of four outputs that one of them makes. */
const SOFTWARE_FOURS = 2;

/**
 * A software adapter's form, by the rows that an invocation takes: it punishes barriers, but passes values around a
 * subgroup for little.
 */
function rowsForm(context: KernelContext, least: number, blockRows: number, most = blockRows): Form {
  const { shader, HELD } = heldInputs(context);
  const sizes = { HELD, WORKGROUP: SOFTWARE_WORKGROUP, ROWS: blockRows, FOURS: SOFTWARE_FOURS };
  const workgroupOutputs = SOFTWARE_WORKGROUP * SOFTWARE_FOURS * 4;
  return {
    name: "linear_rows",
    shaders: [weightsNarrow, shader, heldShader, rowsShader],
    constants: (op, part) => ({ ...constantsOf(op, part), ...sizes }),
    unrolled: ["ROWS", "FOURS", ...(HELD === 4 ? ["HELD"] : [])],
    grid: (rows, { OUTPUTS }) => [Math.ceil(rows / blockRows), Math.ceil(OUTPUTS / workgroupOutputs)],
    least,
    most,
  };
}

/** How the invocations of a subgroup share inputs, if there are subgroups. */
function heldInputs({ features: { subgroups, subgroupMinSize, subgroupMaxSize } }: KernelContext) {
  if (!subgroups) return { shader: heldPlain, HELD: 1 };
  if (subgroupMaxSize === 4) return { shader: heldQuad, HELD: 4 };
  return { shader: heldSubgroup, HELD: Math.min(subgroupMinSize, SOFTWARE_WORKGROUP) };
}

const tile = { TILE_ROWS: 64, TILE_OUTPUTS: 64, THREAD_ROWS: 8, THREAD_OUTPUTS: 4, SLICE_QUADS: 4 };

/** A graphics card's form for many rows. */
function tiledForm(least: number): Form {
  return {
    name: "linear_tiled",
    shaders: [weightsWide, tiledShader],
    constants: (op, part) => ({ ...constantsOf(op, part), ...tile }),
    grid: (rows, { OUTPUTS }) => [Math.ceil(OUTPUTS / tile.TILE_OUTPUTS), Math.ceil(rows / tile.TILE_ROWS)],
    least,
    most: Number.POSITIVE_INFINITY,
  };
}

function launch(context: KernelContext, op: Linear, part: MatrixPart, form: Form): StepDispatch {
  const constants = form.constants(op, part);
  return resolve(
    context,
    {
      name: form.name,
      sources: [stepShader, weightsShader, linearShader, ...form.shaders],
      constants,
      unrolled: form.unrolled ?? [],
      bindings: ["read", "read", "read", "read", "write"],
    },
    [part.buffer, op.input, op.norm?.gains ?? context.unused, op.bias ?? context.unused, op.output],
    (shape) => {
      const rows = rowsOf(op, shape);
      return rows < form.least || rows > form.most ? [0] : form.grid(rows, constants);
    },
  );
}

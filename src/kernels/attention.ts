import cacheShader from "../../shaders/attention_cache.wgsl?raw";
import kvF16 from "../../shaders/attention_kv_f16.wgsl?raw";
import kvF32 from "../../shaders/attention_kv_f32.wgsl?raw";
import kvInt8 from "../../shaders/attention_kv_int8.wgsl?raw";
import lanesPlain from "../../shaders/attention_lanes_plain.wgsl?raw";
import lanesSubgroup from "../../shaders/attention_lanes_subgroup.wgsl?raw";
import outputShader from "../../shaders/attention_output.wgsl?raw";
import reduceShader from "../../shaders/attention_reduce.wgsl?raw";
import scoreShader from "../../shaders/attention_score.wgsl?raw";
import tileShader from "../../shaders/attention_tile.wgsl?raw";
import stepShader from "../../shaders/step.wgsl?raw";
import { type KvType, layOut } from "./attention-layout.ts";
import { type AttentionSetup, promptTile, splitsKeys, type Tile } from "./attention-plan.ts";
import { ATTENTION_TABLES } from "./attention-table.ts";
import { type KernelContext, resolve, type StepDispatch } from "./recorder.ts";

/** What attention computes. */
export interface AttentionForm {
  readonly headCount: number;
  /** Divides `headCount`. */
  readonly kvHeadCount: number;
  /** A multiple of 4. */
  readonly headDim: number;
  /** Tokens in a KV block. */
  readonly blockSize: number;
  readonly kvType: KvType;
  /** Factor on every score; headDim ** -0.5 as a rule. */
  readonly scale: number;
  /** A row sees its own key and the `window - 1` before it; all where undefined. */
  readonly window?: number | undefined;
  /** Scores are bent to stay within this (c · tanh(score / c)). */
  readonly softcap?: number | undefined;
  /** Whether heads have a slope by distance, and a sink; see `AttentionBuffers.headTraits`. */
  readonly alibi?: boolean | undefined;
  readonly sinks?: boolean | undefined;
  /** Whether sequences may have a bias between their query tokens; see `SequenceSpan.biasAt`. */
  readonly bias?: boolean | undefined;
}

export interface AttentionBuffers {
  /** `[tokens][headCount][headDim]` f32, rotated. */
  readonly query: GPUBuffer;
  /** `[blocks][blockSize][kvHeadCount][headDim]` each; hold this step's tokens already. */
  readonly keys: GPUBuffer;
  readonly values: GPUBuffer;
  /** `[blocks][blockSize][kvHeadCount]` of a key's and a value's scale, f32, with int8. */
  readonly scales?: GPUBuffer | undefined;
  /** `[headCount]` of a sink's logit and a slope, f32, where the form has either. */
  readonly headTraits?: GPUBuffer | undefined;
  /** `partialBytes`, scratch. */
  readonly partials: GPUBuffer;
  /** `[tokens][headCount][headDim]` f32, written. */
  readonly output: GPUBuffer;
}

export type Attention = AttentionForm & AttentionBuffers;

/** Bytes of the scratch for `rows` partial rows. */
export function partialBytes({ kvHeadCount, headDim }: AttentionForm, rows: number): number {
  return rows * kvHeadCount * (headDim + 4) * 4;
}

/**
 * Causal attention of the step's tokens over the paged cache (Vaswani et al., 2017; Kwon et al., 2023), as the
 * launches that a plan under `setup` may use; the step says which of them it does use.
 */
export function attention(context: KernelContext, op: Attention, setup: AttentionSetup): StepDispatch[] {
  const prompts = tileLaunch(context, op, promptTile(setup), ATTENTION_TABLES.tile);
  if (!splitsKeys(setup)) return [prompts];
  const decode = tileLaunch(context, op, setup.tuning.decode, ATTENTION_TABLES.split);
  return [prompts, decode, reduceLaunch(context, op)];
}

const kvShaders = { f32: kvF32, f16: kvF16, int8: kvInt8 } as const satisfies Record<KvType, string>;

function tileLaunch(context: KernelContext, op: Attention, tile: Tile, table: number): StepDispatch {
  const { features } = context;
  const layout = layOut(context, tile, op.headDim);
  const shuffles = features.subgroups && layout.LANES <= features.subgroupMinSize;
  const lanes = shuffles ? lanesSubgroup : lanesPlain;
  const scales = op.scales ? [op.scales] : [];
  return resolve(
    context,
    {
      name: table === ATTENTION_TABLES.tile ? "attention_tile" : "attention_split",
      sources: [stepShader, outputShader, scoreShader, kvShaders[op.kvType], cacheShader, lanes, tileShader],
      constants: {
        ...outputConstants(op),
        ...scoreConstants(op),
        ...layout,
        ...(shuffles ? { SUBGROUP: features.subgroupMaxSize } : {}),
        TABLE: table,
      },
      unrolled: context.software ? ["THREAD_ROWS", "THREAD_FOURS", "THREAD_QUADS"] : [],
      bindings: ["write", "read", "write", "read", "read", "read", ...scales.map(() => "read" as const)],
    },
    [op.output, headTraits(context, op), op.partials, op.query, op.keys, op.values, ...scales],
    ({ attention }) => attention[table] ?? [0],
  );
}

function reduceLaunch(context: KernelContext, op: Attention): StepDispatch {
  const table = ATTENTION_TABLES.reduce;
  const quads = op.headDim / 4;
  const splits = context.software ? 1 : Math.max(1, Math.min(16, Math.floor(128 / quads)));
  return resolve(
    context,
    {
      name: "attention_reduce",
      sources: [stepShader, outputShader, reduceShader],
      constants: { ...outputConstants(op), TABLE: table, SPLITS: splits },
      bindings: ["write", "read", "read"],
    },
    [op.output, headTraits(context, op), op.partials],
    ({ attention }) => attention[table] ?? [0],
  );
}

function headTraits({ unused }: KernelContext, { headTraits }: Attention): GPUBuffer {
  return headTraits ?? unused;
}

function outputConstants({ headCount, kvHeadCount, headDim, alibi, sinks }: AttentionForm) {
  return {
    HEADS: headCount,
    KV_HEADS: kvHeadCount,
    HEAD_DIM: headDim,
    ALIBI: alibi ? 1 : 0,
    SINKS: sinks ? 1 : 0,
  };
}

function scoreConstants({ blockSize, scale, window, softcap, bias }: AttentionForm) {
  return {
    BLOCK_SIZE: blockSize,
    SCALE: scale,
    WINDOW: window ?? 0,
    SOFTCAP: softcap ?? 0,
    BIAS: bias ? 1 : 0,
  };
}

import { type AttentionForm, partialBytes } from "./attention.ts";
import { fitTile } from "./attention-layout.ts";
import {
  type AttentionMode,
  type AttentionSetup,
  type AttentionTuning,
  MAX_DECODE_QUERY_LEN,
} from "./attention-plan.ts";
import type { DeviceTraits } from "./recorder.ts";

export interface AttentionOptions {
  /** `split` by default; the others are for comparison. */
  readonly mode?: AttentionMode | undefined;
  /** What was measured on this device; `defaultTuning` where undefined. */
  readonly tuning?: AttentionTuning | undefined;
  /** Cuts keys into segments of a fixed length, so that a request's tokens do not depend on who shares its batch. */
  readonly deterministic?: boolean | undefined;
}

export interface StepLimits {
  readonly maxSequences: number;
  readonly contextLen: number;
}

/** Most that the partial results may take. */
const SCRATCH_BYTES = 48 * 2 ** 20;
const FIXED_SEGMENT_LEN = 256;

/** Settles how a model's attention is launched on a device. */
export function attentionSetup(
  traits: DeviceTraits,
  form: AttentionForm,
  options: AttentionOptions,
  limits: StepLimits,
): AttentionSetup {
  const group = form.headCount / form.kvHeadCount;
  const { baseline, prefill, decode, ...rest } = options.tuning ?? defaultTuning(traits, group);
  const fitted = (tile: typeof baseline) => fitTile(traits, tile, form.headDim);
  const tuning = { ...rest, baseline: fitted(baseline), prefill: fitted(prefill), decode: fitted(decode) };
  const decodeRows = group * MAX_DECODE_QUERY_LEN * limits.maxSequences;
  const affordableRows = Math.floor(scratchBytes(traits) / partialBytes(form, 1));
  const segmentLen = options.deterministic
    ? fixedLength(limits.contextLen, decodeRows, affordableRows)
    : undefined;
  const scratchRows =
    segmentLen === undefined
      ? Math.min(affordableRows, decodeRows + occupyingRows(tuning, form))
      : decodeRows * Math.ceil(limits.contextLen / segmentLen);
  return {
    mode: options.mode ?? "split",
    tuning,
    group,
    kvHeadCount: form.kvHeadCount,
    window: form.window ?? 0,
    scratchRows,
    segmentLen,
  };
}

function scratchBytes({ kernels }: DeviceTraits): number {
  return Math.min(SCRATCH_BYTES, kernels.limits.maxStorageBufferBindingSize);
}

/** Partial rows of as many workgroups as the device wants. */
function occupyingRows({ workgroupTarget, decode }: AttentionTuning, { kvHeadCount }: AttentionForm): number {
  return decode.rows * Math.ceil(workgroupTarget / kvHeadCount);
}

/** The shortest length of segments with which a step of nothing but the longest sequences has room. */
function fixedLength(contextLen: number, decodeRows: number, affordableRows: number): number {
  let length = FIXED_SEGMENT_LEN;
  while (length < contextLen && decodeRows * Math.ceil(contextLen / length) > affordableRows) length *= 2;
  return length;
}

/** Good enough where nothing was measured. */
export function defaultTuning({ software }: DeviceTraits, group: number): AttentionTuning {
  if (software) {
    return {
      baseline: { rows: 16, keys: 32 },
      prefill: { rows: 64, keys: 32 },
      decode: { rows: Math.min(group, 16), keys: 32 },
      workgroupTarget: 16,
      minSegmentLen: 256,
    };
  }
  const rows = group <= 4 ? 4 : group <= 8 ? 8 : 16;
  return {
    baseline: { rows: 16, keys: 32 },
    prefill: { rows: 128, keys: 32 },
    decode: { rows, keys: 32 },
    workgroupTarget: 1024,
    minSegmentLen: 64,
  };
}

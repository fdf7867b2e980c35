import type { AdapterDescription } from "../gpu/device.ts";
import type { AttentionForm } from "./attention.ts";
import type { AttentionTuning, SequenceSpan, Tile } from "./attention-plan.ts";
import { attentionSetup, defaultTuning } from "./attention-setup.ts";
import { AttentionBench } from "./attention-trial.ts";
import type { KernelContext } from "./recorder.ts";

/** Where tunings are kept from one load to the next, as text. */
export interface TuningStore {
  read(key: string): Promise<string | undefined>;
  write(key: string, text: string): Promise<void>;
  remove(key: string): Promise<void>;
}

/** Changes when kernels do, so that what was measured on the old ones is measured again. */
const VERSION = 2;

/** What a tuning depends on: the adapter, its driver, and what attention computes. */
export function tuningKey(adapter: AdapterDescription, form: AttentionForm): string {
  const { vendor, architecture, description } = adapter;
  const { headCount, kvHeadCount, headDim, kvType } = form;
  const shape = `${headCount}/${kvHeadCount}x${headDim}`;
  return [`attention v${VERSION}`, vendor, architecture, description, shape, kvType].join(" | ");
}

/** The tuning kept under a key, or `undefined` where there is none that makes sense. */
export async function storedTuning(store: TuningStore, key: string): Promise<AttentionTuning | undefined> {
  try {
    const tuning = JSON.parse((await store.read(key)) ?? "null") as unknown;
    return isTuning(tuning) ? tuning : undefined;
  } catch {
    return undefined;
  }
}

function isTuning(value: unknown): value is AttentionTuning {
  if (typeof value !== "object" || value === null) return false;
  const { baseline, prefill, decode, workgroupTarget, minSegmentLen } = value as Partial<AttentionTuning>;
  return [baseline, prefill, decode].every(isTile) && isCount(workgroupTarget) && isCount(minSegmentLen);
}

function isTile(tile: Tile | undefined): boolean {
  return (
    isCount(tile?.rows) && isCount(tile?.keys) && tile!.rows <= 256 && Number.isInteger(Math.log2(tile!.keys))
  );
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) > 0;
}

/** Milliseconds that attention takes with a tuning, of one part of the work. */
export type TimeTuning = (part: "prefill" | "decode", tuning: AttentionTuning) => Promise<number>;

export interface Candidates {
  readonly prefill: readonly Tile[];
  readonly decode: readonly Tile[];
  readonly workgroupTargets: readonly number[];
}

/**
 * The quickest of the candidates, prompts and decode each by themselves: first the prompts' tile, then the decode
 * rows' tile, then into how many workgroups long contexts are cut. What `inTime` cuts off stays as it was.
 */
export async function searchTuning(
  start: AttentionTuning,
  candidates: Candidates,
  time: TimeTuning,
  inTime: () => boolean,
): Promise<AttentionTuning> {
  const axes = [
    ["prefill", candidates.prefill.map((prefill) => ({ prefill }))],
    ["decode", candidates.decode.map((decode) => ({ decode }))],
    ["decode", candidates.workgroupTargets.map((workgroupTarget) => ({ workgroupTarget }))],
  ] as const;
  let best = start;
  for (const [part, changes] of axes) {
    if (!inTime()) break;
    let bestMs = await time(part, best);
    for (const change of changes) {
      if (!inTime()) break;
      const tuning = { ...best, ...change };
      const ms = await time(part, tuning);
      // A little quicker is chance, and what was chosen with care is not given up for that.
      if (ms < 0.95 * bestMs) [best, bestMs] = [tuning, ms];
    }
  }
  return best;
}

/** What the two parts are timed on: a chunk of a prompt, and a long decode among short ones. */
const BATCHES = {
  prefill: [{ queryLen: 256, seqLen: 1024 }],
  decode: [{ queryLen: 1, seqLen: 8192 }, ...Array<SequenceSpan>(3).fill({ queryLen: 1, seqLen: 512 })],
} as const satisfies Record<string, readonly SequenceSpan[]>;
const SIZES = { tokenCount: 256, sequenceCount: 4, seqLen: 8192 };

/** Times candidates on the device for about `budgetMs`; what was being compiled when that ends is still waited for. */
export async function tuneAttention(
  device: GPUDevice,
  context: KernelContext,
  form: AttentionForm,
  budgetMs: number,
): Promise<AttentionTuning> {
  const endMs = performance.now() + budgetMs;
  const bench = new AttentionBench(device, context, form, SIZES);
  const limits = { maxSequences: SIZES.sequenceCount, contextLen: SIZES.seqLen };
  const group = form.headCount / form.kvHeadCount;
  const time: TimeTuning = async (part, tuning) => {
    const trial = bench.prepare(BATCHES[part], attentionSetup(context, form, { tuning }, limits));
    const ms = await shortestRun(trial.run);
    trial.dispose();
    return ms;
  };
  try {
    const inTime = () => performance.now() < endMs;
    return await searchTuning(defaultTuning(context, group), candidatesFor(context, group), time, inTime);
  } finally {
    bench.dispose();
  }
}

const ROUNDS = 3;
const ROUND_MS = 4;

/** The quickest of a few rounds, each long beside what a submission costs; the first compiles and does not count. */
async function shortestRun(run: (repeats: number) => Promise<number>): Promise<number> {
  await run(1);
  const repeats = Math.max(1, Math.min(64, Math.ceil(ROUND_MS / Math.max(0.01, await run(1)))));
  let shortest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) shortest = Math.min(shortest, await run(repeats));
  return shortest;
}

function candidatesFor({ software }: KernelContext, group: number): Candidates {
  const tiles = (rows: readonly number[], keys: readonly number[]) =>
    rows.flatMap((count) => keys.map((each) => ({ rows: count, keys: each })));
  if (software) {
    return {
      prefill: tiles([32, 64], [16, 32]),
      decode: tiles([Math.min(group, 16)], [16, 64]),
      workgroupTargets: [8, 32],
    };
  }
  return {
    prefill: tiles([32, 64, 128], [32, 16]),
    decode: tiles([4, 8, 16], [32, 16]),
    workgroupTargets: [256, 512, 2048, 4096],
  };
}

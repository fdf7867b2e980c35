import type { Grid } from "../gpu/command-list.ts";
import type { AttentionItem, AttentionSetup, Launch, ReducedRow } from "./attention-plan.ts";
import type { StepMetadata } from "./step-metadata.ts";

/** The launches a recorded list has a place for, by their place; `TABLE` in the shaders. */
export const ATTENTION_TABLES = { tile: 0, split: 1, reduce: 2 } as const;

/** Words of an item in shaders/attention_tile.wgsl, and of a row in shaders/attention_reduce.wgsl. */
const ITEM_WORDS = 8;
const REDUCED_WORDS = 4;

/**
 * Writes a plan's launches to the step's metadata: where each table starts, then the tables. Returns the grid
 * of each launch, by its place.
 */
export function writeAttention(
  metadata: StepMetadata,
  launches: readonly Launch[],
  kvHeadCount: number,
): Grid[] {
  const grids: Grid[] = [[0], [0], [0]];
  const head = metadata.section("attentionAt", grids.length + words(launches));
  let at = head + grids.length;
  for (const launch of launches) {
    const table = ATTENTION_TABLES[launch.kernel];
    const entries = launch.kernel === "reduce" ? launch.rows : launch.items;
    metadata.words[head + table] = at;
    grids[table] = [entries.length, kvHeadCount];
    for (const entry of entries) {
      const written = "firstKey" in entry ? itemWords(entry) : reducedWords(entry);
      metadata.words.set(written, at);
      at += written.length;
    }
  }
  return grids;
}

function itemWords(item: AttentionItem): number[] {
  const { sequence, row, rowCount, firstKey, endKey, partial, biasAt } = item;
  return [sequence, row, rowCount, firstKey, endKey, partial, biasAt, 0];
}

function reducedWords({ row, partial, stride, segmentCount }: ReducedRow): number[] {
  return [row, partial, stride, segmentCount];
}

function words(launches: readonly Launch[]): number {
  return launches.reduce(
    (sum, launch) =>
      sum +
      (launch.kernel === "reduce" ? REDUCED_WORDS * launch.rows.length : ITEM_WORDS * launch.items.length),
    0,
  );
}

/** Words that the tables of any step of up to `tokenCount` tokens and `sequenceCount` sequences take. */
export function attentionWords(setup: AttentionSetup, tokenCount: number, sequenceCount: number): number {
  const { tuning, group, scratchRows } = setup;
  const fewestRows = Math.min(tuning.baseline.rows, tuning.prefill.rows, tuning.decode.rows);
  const wholeItems = Math.ceil((tokenCount * group) / fewestRows) + sequenceCount;
  return (
    3 + ITEM_WORDS * (wholeItems + scratchRows) + REDUCED_WORDS * Math.min(tokenCount * group, scratchRows)
  );
}

/** A launch as statistics show it. */
export interface LaunchSummary {
  readonly kernel: Launch["kernel"];
  readonly workgroups: number;
  /** Rows served, over all KV heads. */
  readonly rows: number;
  readonly tileRows?: number;
  readonly tileKeys?: number;
  /** The most segments that keys of one sequence's rows were cut into. */
  readonly segments?: number;
}

export function summarize(launches: readonly Launch[], { kvHeadCount }: AttentionSetup): LaunchSummary[] {
  return launches.map((launch) => {
    if (launch.kernel === "reduce") {
      const { kernel, rows } = launch;
      return { kernel, workgroups: rows.length * kvHeadCount, rows: rows.length * kvHeadCount };
    }
    const { kernel, items, tile } = launch;
    const segments = new Map<number, number>();
    for (const { row } of items) segments.set(row, (segments.get(row) ?? 0) + 1);
    const rowCounts = new Map(items.map(({ row, rowCount }) => [row, rowCount]));
    return {
      kernel,
      workgroups: items.length * kvHeadCount,
      rows: kvHeadCount * [...rowCounts.values()].reduce((sum, count) => sum + count, 0),
      tileRows: tile.rows,
      tileKeys: tile.keys,
      segments: Math.max(...segments.values()),
    };
  });
}

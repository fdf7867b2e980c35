import type { Tile } from "./attention-plan.ts";
import type { DeviceTraits } from "./recorder.ts";

/** How keys and values are stored; int8 has a scale per token and KV head. */
export type KvType = "f32" | "f16" | "int8";

/** Bytes of four neighbouring elements. */
export const KV_QUAD_BYTES = { f32: 16, f16: 8, int8: 4 } as const satisfies Record<KvType, number>;

/** How the threads of a workgroup share a tile: constants of shaders/attention_tile.wgsl. */
export interface TileLayout {
  readonly TILE_ROWS: number;
  readonly TILE_KEYS: number;
  readonly THREAD_ROWS: number;
  readonly COLUMNS: number;
  /** Groups of four keys, and quads of values, that a thread takes. */
  readonly THREAD_FOURS: number;
  readonly THREAD_QUADS: number;
  /** Threads that share a product of a query and a key. */
  readonly SPLITS: number;
  /** Tiles whose keys are looked up in the block table at a time. */
  readonly ENTRY_TILES: number;
  /** Threads that share a row's softmax: a power of two. */
  readonly LANES: number;
  readonly STAGE_QUERY: number;
  readonly STAGE_KV: number;
  /** Whether loops are kept from being unrolled. */
  readonly ROLLED: number;
}

/** Neighbouring keys that a thread looks at together. */
const LEAST_KEYS = 4;

/** The tile with as many of its keys as the device's workgroup memory has room for. */
export function fitTile(traits: DeviceTraits, { rows, keys }: Tile, headDim: number): Tile {
  let fitting = keys;
  while (fitting > LEAST_KEYS && !fits(traits, layoutFor(traits, { rows, keys: fitting }, headDim), headDim))
    fitting /= 2;
  return { rows, keys: fitting };
}

/** Lays a tile that fits out for the device; queries are kept at hand where they fit as well. */
export function layOut(traits: DeviceTraits, tile: Tile, headDim: number): TileLayout {
  const layout = layoutFor(traits, tile, headDim);
  const staged = { ...layout, STAGE_QUERY: 1 };
  return fits(traits, staged, headDim) ? staged : layout;
}

function layoutFor({ software, features }: DeviceTraits, { rows, keys }: Tile, headDim: number): TileLayout {
  const subgroup = features.subgroups ? features.subgroupMinSize : 0;
  const threads = software ? softwareThreads(rows, keys, headDim, subgroup) : hardwareThreads(rows, keys);
  const fours = keys / LEAST_KEYS;
  const lanes = powerBelow(threads.COLUMNS / threads.THREAD_ROWS);
  return {
    TILE_ROWS: rows,
    TILE_KEYS: keys,
    ENTRY_TILES: software ? 1 : 8,
    ...threads,
    THREAD_FOURS: Math.ceil(fours / threads.COLUMNS),
    THREAD_QUADS: Math.ceil(headDim / 4 / threads.COLUMNS),
    SPLITS: splitsOf(threads.COLUMNS / fours, headDim),
    LANES: software ? 1 : Math.max(1, Math.min(fours, lanes)),
    STAGE_QUERY: 0,
    STAGE_KV: software ? 0 : 1,
    ROLLED: software ? 1 : 0,
  };
}

/** Every device runs workgroups of as many threads. */
const MOST_THREADS = 256;

/**
 * On a CPU in disguise all memory is alike, and a thread is a lane of a vector unit: keys and values are read where
 * they stand, and threads side by side take the same rows, so that a query is loaded once for all of them. A tile
 * whose rows one thread can take is left to a single subgroup, in which nobody waits for another.
 */
function softwareThreads(rows: number, keys: number, headDim: number, subgroup: number) {
  const threadRows = [4, 3, 2].find((count) => rows % count === 0) ?? 1;
  const most = powerBelow((threadRows * MOST_THREADS) / rows);
  const wanted = rows === threadRows && subgroup > 0 ? subgroup : Math.max(8, powerBelow(headDim / 8));
  return { THREAD_ROWS: threadRows, COLUMNS: Math.min(keys / LEAST_KEYS, 32, most, wanted) };
}

/**
 * On hardware a thread takes several rows and columns, so that what it loads serves several products. Of a tile with
 * few rows it takes one, so that there are threads enough to load; those without a column of keys have one of values.
 */
function hardwareThreads(rows: number, keys: number) {
  const most = rows >= 64 ? 4 : rows > 8 ? 2 : 1;
  const threadRows = rows % most === 0 ? most : 1;
  const fours = keys / LEAST_KEYS;
  const columns = (threads: number) => Math.min(32, powerBelow((threadRows * threads) / rows));
  return {
    THREAD_ROWS: threadRows,
    COLUMNS: Math.min(columns(MOST_THREADS), Math.max(Math.min(fours, 8), columns(128))),
  };
}

/** As many of the threads that a product could have as can share out its quads evenly. */
function splitsOf(threads: number, headDim: number): number {
  let splits = Math.max(1, threads);
  while ((headDim / 4) % splits !== 0) splits /= 2;
  return splits;
}

function powerBelow(value: number): number {
  return 2 ** Math.floor(Math.log2(value));
}

function fits({ kernels }: DeviceTraits, layout: TileLayout, headDim: number): boolean {
  return workgroupBytes(layout, headDim) <= kernels.limits.maxComputeWorkgroupStorageSize;
}

/** Threads of a workgroup. */
function threadCount({ TILE_ROWS, THREAD_ROWS, COLUMNS }: TileLayout): number {
  return (TILE_ROWS / THREAD_ROWS) * COLUMNS;
}

/** Workgroup memory of shaders/attention_tile.wgsl, each variable rounded up to 16 bytes. */
function workgroupBytes(layout: TileLayout, headDim: number): number {
  const { TILE_ROWS: rows, TILE_KEYS: keys, ENTRY_TILES, SPLITS, STAGE_QUERY, STAGE_KV } = layout;
  const stride = headDim / 4 + 1;
  const variables = [
    16 * (1 + STAGE_QUERY * rows * stride),
    16 * (1 + STAGE_KV * keys * stride),
    4 * keys * ENTRY_TILES,
    16 * rows * ((SPLITS * keys) / LEAST_KEYS + 1),
    ...[4 * rows, 4 * rows, 4 * rows],
    4 * threadCount(layout),
  ];
  return variables.reduce((sum, bytes) => sum + Math.ceil(bytes / 16) * 16, 0);
}

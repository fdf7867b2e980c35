import type { Tile } from "./attention-plan.ts";
import type { KernelContext } from "./recorder.ts";

/** How keys and values are stored; int8 has a scale per token and KV head. */
export type KvType = "f32" | "f16" | "int8";

/** Bytes of four neighbouring elements. */
export const KV_QUAD_BYTES = { f32: 16, f16: 8, int8: 4 } as const satisfies Record<KvType, number>;

/** How the threads of a workgroup share a tile: constants of shaders/attention_tile.wgsl. */
export interface TileLayout {
  readonly TILE_ROWS: number;
  readonly TILE_KEYS: number;
  readonly THREAD_ROWS: number;
  readonly ROW_BLOCKS: number;
  readonly COLUMNS: number;
  /** Threads that share a row's softmax: a power of two. */
  readonly LANES: number;
  readonly STAGE_QUERY: number;
  readonly STAGE_KV: number;
  /** Whether loops are kept from being unrolled. */
  readonly ROLLED: number;
}

/** What the vectors of a head take. */
interface HeadSize {
  readonly headDim: number;
  readonly kvType: KvType;
}

/** The tile with as many of its keys as the device's workgroup memory has room for. */
export function fitTile(context: KernelContext, { rows, keys }: Tile, head: HeadSize): Tile {
  let fitting = keys;
  while (fitting > 1 && !fits(context, layoutFor(context, { rows, keys: fitting }), head)) fitting /= 2;
  return { rows, keys: fitting };
}

/** Lays a tile that fits out for the device; queries are kept at hand where they fit as well. */
export function layOut(context: KernelContext, tile: Tile, head: HeadSize): TileLayout {
  const layout = layoutFor(context, tile);
  const staged = { ...layout, STAGE_QUERY: 1 };
  return fits(context, staged, head) ? staged : layout;
}

function layoutFor({ software }: KernelContext, { rows, keys }: Tile): TileLayout {
  const threads = software ? softwareThreads(rows, keys) : hardwareThreads(rows, keys);
  const lanes = powerBelow(threads.COLUMNS / threads.THREAD_ROWS / threads.ROW_BLOCKS || 1);
  return {
    TILE_ROWS: rows,
    TILE_KEYS: keys,
    ...threads,
    LANES: software ? 1 : Math.max(1, Math.min(keys, lanes)),
    STAGE_QUERY: 0,
    STAGE_KV: software ? 0 : 1,
    ROLLED: software ? 1 : 0,
  };
}

/**
 * On a CPU in disguise a thread is a lane of a vector unit and all memory is alike. A thread takes all rows of
 * the tile: their queries are then the same for all lanes, and keys and values are read where they stand.
 */
function softwareThreads(rows: number, keys: number) {
  const threadRows = [4, 3, 2].find((count) => rows % count === 0) ?? 1;
  return { THREAD_ROWS: threadRows, ROW_BLOCKS: rows / threadRows, COLUMNS: Math.min(keys, 16) };
}

/** On hardware a thread takes a few rows and a few columns, so that what it loads serves several products. */
function hardwareThreads(rows: number, keys: number) {
  const threadRows = rows % 4 === 0 ? 4 : 1;
  const columns = Math.min(32, Math.max(4, powerBelow((threadRows * 128) / rows)));
  return { THREAD_ROWS: threadRows, ROW_BLOCKS: 1, COLUMNS: Math.min(keys, columns) };
}

function powerBelow(value: number): number {
  return 2 ** Math.floor(Math.log2(value));
}

function fits({ kernels }: KernelContext, layout: TileLayout, head: HeadSize): boolean {
  return workgroupBytes(layout, head) <= kernels.limits.maxComputeWorkgroupStorageSize;
}

/** Threads of a workgroup. */
function threadCount({ TILE_ROWS, THREAD_ROWS, ROW_BLOCKS, COLUMNS }: TileLayout): number {
  return (TILE_ROWS / THREAD_ROWS / ROW_BLOCKS) * COLUMNS;
}

/** Workgroup memory of shaders/attention_tile.wgsl, each variable rounded up to 16 bytes. */
function workgroupBytes(layout: TileLayout, { headDim, kvType }: HeadSize): number {
  const { TILE_ROWS: rows, TILE_KEYS: keys, STAGE_QUERY, STAGE_KV } = layout;
  const stride = headDim / 4 + 1;
  const variables = [
    16 * (1 + STAGE_QUERY * rows * stride),
    KV_QUAD_BYTES[kvType] * (1 + STAGE_KV * keys * stride),
    4 * keys,
    4 * rows * (keys + 1),
    ...[4 * rows, 4 * rows, 4 * rows],
    4 * threadCount(layout),
  ];
  return variables.reduce((sum, bytes) => sum + Math.ceil(bytes / 16) * 16, 0);
}

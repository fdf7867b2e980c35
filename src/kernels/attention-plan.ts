/**
 * Which attention launches serve a batch. Pure: lengths in, work items out; no GPU type.
 *
 * A row is one head of a query token. The heads that share a KV head lie side by side: row `token * group + i`
 * is head `kvHead * group + i` of a token, for every KV head at once, so that a workgroup reads keys and values
 * once for all the rows of its tile. The host knows every length, so a launch is an exact table: an item is a
 * workgroup per KV head, and none is idle.
 */

/** A sequence's share of a step. */
export interface SequenceSpan {
  readonly queryLen: number;
  /** Keys in the cache, this step's included. */
  readonly seqLen: number;
  /** Word of the step's metadata where `[queryLen][queryLen]` f32 start that are added to its scores. */
  readonly biasAt?: number;
}

/**
 * `unified` serves everything with one launch of a 16-row tile; `split` gives prompts a tall tile and decode rows
 * a launch of their own, cut along their keys. The other two are one half of that each.
 */
export type AttentionMode = "unified" | "split" | "tallTileOnly" | "splitKvOnly";

export const ATTENTION_MODES = ["unified", "split", "tallTileOnly", "splitKvOnly"] as const;

/** Rows a workgroup serves, and keys it looks at between two steps of its running softmax. */
export interface Tile {
  readonly rows: number;
  readonly keys: number;
}

/** What is tuned for a device. */
export interface AttentionTuning {
  /** The tile that `unified` and `splitKvOnly` serve prompts with. */
  readonly baseline: Tile;
  readonly prefill: Tile;
  readonly decode: Tile;
  /** Workgroups that keep the whole device busy. */
  readonly workgroupTarget: number;
  /** Keys under which a segment is not worth its reduce. */
  readonly minSegmentLen: number;
}

export interface AttentionSetup {
  readonly mode: AttentionMode;
  readonly tuning: AttentionTuning;
  /** Query heads per KV head. */
  readonly group: number;
  readonly kvHeadCount: number;
  /** A row sees its own key and the `window - 1` before it; 0 sees all. */
  readonly window: number;
  /** Rows that partial results have room for. */
  readonly scratchRows: number;
  /** Keys of every segment, whatever else is in the batch; by occupancy where undefined. */
  readonly segmentLen?: number | undefined;
}

/** Rows of one sequence over a range of keys: the work of a workgroup, for each KV head. */
export interface AttentionItem {
  readonly sequence: number;
  /** Of the step's rows. */
  readonly row: number;
  readonly rowCount: number;
  readonly firstKey: number;
  readonly endKey: number;
  /** Where the partial results of its rows go; `WHOLE` writes the rows' output. */
  readonly partial: number;
  readonly biasAt: number;
}

/** Stands for the partial of an item that is alone with its rows. */
export const WHOLE = 0xffff_ffff;

/** A row whose partials are merged: `segmentCount` of them from `partial` on, `stride` apart. */
export interface ReducedRow {
  readonly row: number;
  readonly partial: number;
  readonly stride: number;
  readonly segmentCount: number;
}

export type Launch =
  | { readonly kernel: "tile" | "split"; readonly tile: Tile; readonly items: readonly AttentionItem[] }
  | { readonly kernel: "reduce"; readonly rows: readonly ReducedRow[] };

/** Up to this many query tokens of a sequence are decode rows: its last token, and drafts to verify. */
export const MAX_DECODE_QUERY_LEN = 8;

/** The launches that write every row of the batch once, in their order. */
export function planAttention(batch: readonly SequenceSpan[], setup: AttentionSetup): Launch[] {
  const tile = promptTile(setup);
  const decodeTile = setup.tuning.decode;
  const isDecode = ({ queryLen }: SequenceSpan) => splitsKeys(setup) && queryLen <= MAX_DECODE_QUERY_LEN;
  const prompts = rowTiles(batch, tile, setup, (span) => !isDecode(span));
  const decode = splitKeys(rowTiles(batch, decodeTile, setup, isDecode), setup);
  const launches: Launch[] = [
    { kernel: "tile", tile, items: prompts },
    { kernel: "split", tile: decodeTile, items: decode.items },
    { kernel: "reduce", rows: decode.reduced },
  ];
  return launches.filter((launch) => (launch.kernel === "reduce" ? launch.rows : launch.items).length > 0);
}

/** The tile of the launch that serves prompts, or everything. */
export function promptTile({ mode, tuning }: AttentionSetup): Tile {
  return mode === "split" || mode === "tallTileOnly" ? tuning.prefill : tuning.baseline;
}

/** Whether decode rows have a launch of their own. */
export function splitsKeys({ mode }: AttentionSetup): boolean {
  return mode === "split" || mode === "splitKvOnly";
}

/** Cuts the rows of the chosen sequences into tiles, each with the keys that any of its rows sees. */
function rowTiles(
  batch: readonly SequenceSpan[],
  tile: Tile,
  { group, window }: AttentionSetup,
  chosen: (span: SequenceSpan) => boolean,
): AttentionItem[] {
  const items: AttentionItem[] = [];
  let firstToken = 0;
  for (const [sequence, span] of batch.entries()) {
    const { queryLen, seqLen, biasAt = 0 } = span;
    const rowEnd = chosen(span) ? queryLen * group : 0;
    for (let row = 0; row < rowEnd; row += tile.rows) {
      const rowCount = Math.min(tile.rows, rowEnd - row);
      const contextLen = seqLen - queryLen;
      const firstPosition = contextLen + Math.floor(row / group);
      const lastPosition = contextLen + Math.floor((row + rowCount - 1) / group);
      const firstKey = window === 0 ? 0 : Math.max(0, firstPosition - window + 1);
      const place = { sequence, row: firstToken * group + row, rowCount, biasAt };
      items.push({ ...place, firstKey, endKey: lastPosition + 1, partial: WHOLE });
    }
    firstToken += queryLen;
  }
  return items;
}

/** Cuts tiles along their keys, into as many segments as the device wants and the scratch holds. */
function splitKeys(tiles: readonly AttentionItem[], setup: AttentionSetup) {
  const length = setup.segmentLen ?? occupyingLength(tiles, setup);
  const items: AttentionItem[] = [];
  const reduced: ReducedRow[] = [];
  let partial = 0;
  for (const tile of tiles) {
    const segments = segmentsOf(tile, length, setup);
    if (segments.length === 1) {
      items.push(tile);
      continue;
    }
    const { row, rowCount: stride } = tile;
    for (let i = 0; i < stride; i++) {
      reduced.push({ row: row + i, partial: partial + i, stride, segmentCount: segments.length });
    }
    for (const [firstKey, endKey] of segments) {
      items.push({ ...tile, firstKey, endKey, partial });
      partial += stride;
    }
  }
  checkScratch(partial, setup);
  return { items, reduced };
}

/**
 * The segment length at which all tiles together make `workgroupTarget` workgroups, so that a long sequence is
 * cut finely and a short one beside it not at all. It grows until the partials fit.
 */
function occupyingLength(tiles: readonly AttentionItem[], setup: AttentionSetup): number {
  const { tuning, kvHeadCount, scratchRows } = setup;
  const keyCount = tiles.reduce((sum, { firstKey, endKey }) => sum + endKey - firstKey, 0);
  let length = Math.max(tuning.minSegmentLen, Math.ceil((keyCount * kvHeadCount) / tuning.workgroupTarget));
  while (partialRows(tiles, length, setup) > scratchRows) length *= 2;
  return length;
}

function partialRows(tiles: readonly AttentionItem[], length: number, setup: AttentionSetup): number {
  return tiles.reduce((sum, tile) => {
    const count = segmentCountOf(tile, length, setup);
    return sum + (count === 1 ? 0 : count * tile.rowCount);
  }, 0);
}

/** Segments start where a tile of keys does, so that a tile never straddles a block of the cache. */
function startOf({ firstKey }: AttentionItem, { tuning }: AttentionSetup): number {
  return firstKey - (firstKey % tuning.decode.keys);
}

function segmentCountOf(tile: AttentionItem, length: number, setup: AttentionSetup): number {
  const { keys } = setup.tuning.decode;
  const whole = Math.ceil(length / keys) * keys;
  return Math.ceil((tile.endKey - startOf(tile, setup)) / whole);
}

/** The key ranges of a tile's segments: all of one length where it is fixed, else all about as long. */
function segmentsOf(tile: AttentionItem, length: number, setup: AttentionSetup): [number, number][] {
  const { keys } = setup.tuning.decode;
  const start = startOf(tile, setup);
  const even = (tile.endKey - start) / segmentCountOf(tile, length, setup);
  const stride = Math.ceil((setup.segmentLen === undefined ? even : length) / keys) * keys;
  const segments: [number, number][] = [];
  for (let first = start; first < tile.endKey; first += stride) {
    segments.push([Math.max(first, tile.firstKey), Math.min(first + stride, tile.endKey)]);
  }
  return segments;
}

function checkScratch(usedRows: number, { scratchRows, segmentLen }: AttentionSetup): void {
  if (usedRows <= scratchRows) return;
  throw new Error(
    `segments of ${segmentLen} keys have ${usedRows} partial rows and the scratch holds ${scratchRows}: ` +
      "allocate more, or make segments longer",
  );
}

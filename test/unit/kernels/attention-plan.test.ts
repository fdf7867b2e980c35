import { describe, expect, test } from "vitest";
import {
  ATTENTION_MODES,
  type AttentionItem,
  type AttentionMode,
  type AttentionSetup,
  type Launch,
  MAX_DECODE_QUERY_LEN,
  planAttention,
  type ReducedRow,
  type SequenceSpan,
  WHOLE,
} from "../../../src/kernels/attention-plan.ts";
import { Random } from "../../support/random.ts";

const tuning = {
  baseline: { rows: 16, keys: 32 },
  prefill: { rows: 64, keys: 32 },
  decode: { rows: 16, keys: 16 },
  workgroupTarget: 128,
  minSegmentLen: 64,
};

function setup(change: Partial<AttentionSetup> = {}): AttentionSetup {
  return { mode: "split", tuning, group: 4, kvHeadCount: 2, window: 0, scratchRows: 4096, ...change };
}

const decode = (seqLen: number): SequenceSpan => ({ queryLen: 1, seqLen });

function itemsOf(launches: readonly Launch[]): AttentionItem[] {
  return launches.flatMap((launch) => (launch.kernel === "reduce" ? [] : launch.items));
}

function reducedOf(launches: readonly Launch[]): ReducedRow[] {
  return launches.flatMap((launch) => (launch.kernel === "reduce" ? launch.rows : []));
}

/** How many segments serve the tile of each sequence, by sequence. */
function segmentCounts(launches: readonly Launch[]): number[] {
  const counts: number[] = [];
  for (const { sequence } of itemsOf(launches)) counts[sequence] = (counts[sequence] ?? 0) + 1;
  return counts;
}

describe("planAttention", () => {
  test("one long decode is cut finely, the short ones beside it not at all", () => {
    const plan = planAttention([decode(65_536), ...Array(7).fill(decode(60))], setup());
    const [long, ...short] = segmentCounts(plan);
    expect(long).toBeGreaterThan(50);
    expect(short).toEqual(Array(7).fill(1));
    expect(reducedOf(plan).map(({ row }) => row)).toEqual([0, 1, 2, 3]);
  });

  test("a batch that fills the device by itself is not cut, however many keys it has", () => {
    const plan = planAttention(Array(64).fill(decode(4096)), setup());
    expect(plan.map(({ kernel }) => kernel)).toEqual(["split"]);
  });

  test("the number of segments follows from the keys, not from how many sequences they are in", () => {
    const apart = planAttention(Array(2).fill(decode(8192)), setup());
    const alone = planAttention([decode(16_384)], setup());
    expect(itemsOf(apart).length).toBe(itemsOf(alone).length);
  });

  test("segments are cut from what a window leaves, not from the whole sequence", () => {
    const plan = planAttention([decode(65_536)], setup({ window: 1024 }));
    const items = itemsOf(plan);
    expect(items.length).toBeGreaterThan(8);
    expect(items[0]!.firstKey).toBe(65_536 - 1024);
    expect(items.every(({ firstKey, endKey }) => endKey - firstKey <= 64)).toBe(true);
  });

  test("with a fixed segment length a sequence is cut the same in every batch", () => {
    const fixed = setup({ segmentLen: 256 });
    const ranges = (batch: SequenceSpan[]) =>
      itemsOf(planAttention(batch, fixed))
        .filter(({ sequence }) => sequence === 0)
        .map(({ firstKey, endKey }) => [firstKey, endKey]);
    const alone = ranges([decode(1000)]);
    expect(alone).toEqual([
      [0, 256],
      [256, 512],
      [512, 768],
      [768, 1000],
    ]);
    expect(ranges([decode(1000), ...Array(60).fill(decode(3000)), { queryLen: 300, seqLen: 300 }])).toEqual(
      alone,
    );
  });

  test("many decode rows before a prompt leave none of the prompt's rows out", () => {
    const plan = planAttention([...Array(32).fill(decode(40)), { queryLen: 16, seqLen: 16 }], setup());
    const [prompt] = plan.filter(({ kernel }) => kernel === "tile");
    expect(prompt).toMatchObject({ items: [{ sequence: 32, row: 128, rowCount: 64, endKey: 16 }] });
  });

  test("a scratch too small for the wanted segments makes them longer; fixed ones are refused", () => {
    const rows = 40;
    const plan = planAttention([decode(65_536)], setup({ scratchRows: rows }));
    expect(itemsOf(plan).length).toBe(8);
    expect(() => planAttention([decode(65_536)], setup({ scratchRows: rows, segmentLen: 256 }))).toThrow(
      "segments of 256 keys have 1024 partial rows and the scratch holds 40",
    );
  });

  test.each(ATTENTION_MODES)("%s launches what it says", (mode) => {
    const plan = planAttention([decode(5000), { queryLen: 100, seqLen: 100 }], setup({ mode }));
    const launched: Record<AttentionMode, unknown> = {
      unified: [["tile", 16]],
      split: [["tile", 64], ["split", 16], ["reduce"]],
      tallTileOnly: [["tile", 64]],
      splitKvOnly: [["tile", 16], ["split", 16], ["reduce"]],
    };
    const came = plan.map((launch) =>
      launch.kernel === "reduce" ? ["reduce"] : [launch.kernel, launch.tile.rows],
    );
    expect(came).toEqual(launched[mode]);
  });
});

const BATCHES = 20_000;

/** Up to 64 decodes before up to 8 prompts; padding is a span without tokens. */
function randomBatch(random: Random): SequenceSpan[] {
  const longest = pick(random, [70, 3000, 70_000]);
  const spans = (count: number, queryLen: () => number) =>
    Array.from({ length: count }, () => {
      const length = queryLen();
      return { queryLen: length, seqLen: length + random.integer(longest) };
    });
  const several = pick(random, [2, 2, 9]);
  const decodes = spans(random.integer(pick(random, [4, 16, 65])), () => random.integer(several));
  return [...decodes, ...spans(random.integer(pick(random, [2, 9])), () => 9 + random.integer(72))];
}

/** Fixed segments are given the room they need; what happens without it has a test of its own. */
function randomSetup(random: Random): AttentionSetup {
  const segmentLen = pick(random, [undefined, undefined, undefined, 512, 4096]);
  return {
    mode: "split",
    group: pick(random, [1, 1, 2, 2, 3, 4, 5, 7, 20]),
    kvHeadCount: pick(random, [1, 2, 8]),
    window: pick(random, [0, 0, 1, 5, 64, 300, 4096]),
    scratchRows: segmentLen ? Number.POSITIVE_INFINITY : pick(random, [0, 7, 100, 2048, 50_000]),
    segmentLen,
    tuning: {
      baseline: { rows: 16, keys: 32 },
      prefill: { rows: pick(random, [32, 64, 128]), keys: pick(random, [8, 16, 32]) },
      decode: { rows: pick(random, [1, 4, 5, 16]), keys: pick(random, [8, 16, 32]) },
      workgroupTarget: pick(random, [1, 16, 256]),
      minSegmentLen: pick(random, [1, 64, 256]),
    },
  };
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[random.integer(choices.length)]!;
}

describe("every row is written once, from exactly its live keys", () => {
  test(`${BATCHES} random batches, each in every mode`, { timeout: 600_000 }, () => {
    let split = 0;
    for (let seed = 0; seed < BATCHES; seed++) {
      const random = new Random(seed);
      const batch = randomBatch(random);
      const setup = randomSetup(random);
      for (const mode of ATTENTION_MODES) {
        const launches = planAttention(batch, { ...setup, mode });
        split += reducedOf(launches).length > 0 ? 1 : 0;
        try {
          checkPlan(batch, { ...setup, mode }, launches);
        } catch (error) {
          throw new Error(`seed ${seed}, ${mode}: ${(error as Error).message}`);
        }
      }
    }
    expect(split).toBeGreaterThan(BATCHES / 4);
  });

  test("a plan that is wrong in any one way is found out", () => {
    const batch = [decode(3000), { queryLen: 3, seqLen: 900 }, { queryLen: 70, seqLen: 90 }];
    const whole = setup();
    const [tile, split, reduce] = planAttention(batch, whole) as [ItemLaunch, ItemLaunch, ReduceLaunch];
    const wrong: [Launch[], string][] = [
      [[split, reduce], "is written 0 times"],
      [[tile, tile, split, reduce], "is written 2 times"],
      [[tile, { ...split, items: split.items.slice(1) }, reduce], "Cannot read properties of undefined"],
      [[tile, split, { ...reduce, rows: reduce.rows.slice(1) }], "partials are never merged"],
      [[tile, altered(split, 2, { firstKey: 80 }), reduce], "row 0: 80 after"],
      [[altered(tile, 0, { endKey: 20 }), split, reduce], "misses the keys"],
      [[altered(tile, 0, { rowCount: 70 }), split, reduce], "70 rows in a tile"],
      [[tile, altered(split, 1, { partial: 0 }), reduce], "partial 0 in a split"],
    ];
    checkPlan(batch, whole, [tile, split, reduce]);
    for (const [launches, message] of wrong) {
      expect(() => checkPlan(batch, whole, launches)).toThrow(message);
    }
  });
});

type ReduceLaunch = Extract<Launch, { kernel: "reduce" }>;
type ItemLaunch = Exclude<Launch, ReduceLaunch>;

function altered(launch: ItemLaunch, at: number, change: Partial<AttentionItem>): ItemLaunch {
  return { ...launch, items: launch.items.map((item, i) => (i === at ? { ...item, ...change } : item)) };
}

/** Replays a plan as the kernels would, with key ranges instead of numbers. */
function checkPlan(batch: readonly SequenceSpan[], setup: AttentionSetup, launches: readonly Launch[]): void {
  const rows = new Rows(batch, setup);
  const scratch = new Map<number, AttentionItem>();
  for (const launch of launches) {
    if (launch.kernel === "reduce") continue;
    for (const item of launch.items) {
      if (item.rowCount < 1 || item.rowCount > launch.tile.rows) {
        throw new Error(`${item.rowCount} rows in a tile of ${launch.tile.rows}`);
      }
      for (let i = 0; i < item.rowCount; i++) {
        if (item.partial === WHOLE) rows.write(item.row + i, [item]);
        else store(scratch, item.partial + i, item, setup);
      }
    }
  }
  for (const { row, partial, stride, segmentCount } of reducedOf(launches)) {
    const items: AttentionItem[] = [];
    for (let at = partial; items.length < segmentCount; at += stride) {
      const item = scratch.get(at)!;
      if (item.row + at - item.partial !== row) throw new Error(`partial ${at} is not of row ${row}`);
      items.push(item);
      scratch.delete(at);
    }
    rows.write(row, items);
  }
  if (scratch.size > 0) throw new Error(`${scratch.size} partials are never merged`);
  rows.checkAllWritten();
  const decodeOnly = batch.every(({ queryLen }) => queryLen <= MAX_DECODE_QUERY_LEN);
  const kernels = launches.map(({ kernel }) => kernel);
  if (setup.mode === "unified" && kernels.length > 1) throw new Error("unified is one launch");
  if (setup.mode === "split" && decodeOnly && kernels.includes("tile"))
    throw new Error("decode in a prompt's tile");
}

function store(scratch: Map<number, AttentionItem>, at: number, item: AttentionItem, setup: AttentionSetup) {
  if (at >= setup.scratchRows || scratch.has(at)) {
    throw new Error(`partial ${at} in a split, with room for ${setup.scratchRows} and ${scratch.size} taken`);
  }
  scratch.set(at, item);
}

/** The rows of a batch, and how often each was written. */
class Rows {
  readonly #written: Uint8Array;
  /** First row of each sequence. */
  readonly #starts: number[] = [];

  constructor(
    readonly batch: readonly SequenceSpan[],
    readonly setup: AttentionSetup,
  ) {
    let rowCount = 0;
    for (const { queryLen } of batch) {
      this.#starts.push(rowCount);
      rowCount += queryLen * setup.group;
    }
    this.#written = new Uint8Array(rowCount);
  }

  /** Takes a row's segments in order; they must follow each other and hold all of its live keys. */
  write(row: number, items: readonly AttentionItem[]): void {
    const [first, end] = this.#liveKeys(row, items[0]!.sequence);
    let at = items[0]!.firstKey;
    if (at > first) throw new Error(`row ${row} misses the keys ${first} to ${at}`);
    for (const { firstKey, endKey } of items) {
      if (firstKey !== at || endKey <= firstKey) throw new Error(`row ${row}: ${firstKey} after ${at}`);
      at = endKey;
    }
    if (at < end) throw new Error(`row ${row} misses the keys ${at} to ${end}`);
    this.#written[row]!++;
  }

  checkAllWritten(): void {
    const wrong = this.#written.findIndex((times) => times !== 1);
    if (wrong < 0) return;
    throw new Error(`row ${wrong} of ${this.#written.length} is written ${this.#written[wrong]} times`);
  }

  #liveKeys(row: number, sequence: number): [number, number] {
    const { group, window } = this.setup;
    const { queryLen, seqLen } = this.batch[sequence]!;
    const token = Math.floor((row - this.#starts[sequence]!) / group);
    if (token < 0 || token >= queryLen) throw new Error(`row ${row} is not of sequence ${sequence}`);
    const position = seqLen - queryLen + token;
    return [window === 0 ? 0 : Math.max(0, position - window + 1), position + 1];
  }
}

import type { KvType } from "../../src/kernels/attention-layout.ts";
import type { AttentionMode } from "../../src/kernels/attention-plan.ts";

/** A batch and a form of attention to compare with the reference. */
export interface MatrixCase {
  /** (query tokens, keys with them) of each sequence. */
  readonly sequences: readonly (readonly [queryLen: number, seqLen: number])[];
  readonly headCount: number;
  readonly kvHeadCount: number;
  readonly headDim: number;
  readonly blockSize: number;
  readonly kvType: KvType;
  readonly mode: AttentionMode;
  /** Workgroups the plan aims at: 1 leaves decode rows whole, many cut them finely. */
  readonly workgroupTarget: number;
  /** 0: none. */
  readonly window: number;
  /** 0: none. */
  readonly softcap: number;
  readonly seed: number;
  readonly alibi?: boolean;
  readonly sinks?: boolean;
  /** A random tree over each sequence's query tokens. */
  readonly tree?: boolean;
  readonly segmentLen?: number;
  /** The layout for hardware although this adapter is software, and with plain forms instead of subgroups. */
  readonly layout?: "software" | "hardware" | "hardware without subgroups";
}

export const PLAIN: MatrixCase = {
  sequences: [[1, 100]],
  headCount: 4,
  kvHeadCount: 2,
  headDim: 64,
  blockSize: 16,
  kvType: "f32",
  mode: "split",
  workgroupTarget: 64,
  window: 0,
  softcap: 0,
  seed: 1,
};

const MIXED = [
  [1, 1328],
  [5, 18],
  [129, 463],
] as const;
const DECODE = [
  [1, 523],
  [1, 37],
  [1, 2011],
] as const;

/** The launches of the main matrix: one for all, split, decode rows never cut, decode rows always cut. */
const LAUNCHES = [
  { mode: "unified", workgroupTarget: 64 },
  { mode: "split", workgroupTarget: 64 },
  { mode: "split", workgroupTarget: 1 },
  { mode: "split", workgroupTarget: 4096 },
] as const;

/** The main matrix. */
export function mainMatrix(kvTypes: readonly KvType[], seeds: readonly number[]): MatrixCase[] {
  return cross({
    // What compiles a kernel of its own stands first, so that neighbours share theirs.
    heads: [
      [4, 4],
      [8, 2],
      [5, 1],
    ],
    headDim: [64, 128, 256],
    kvType: kvTypes,
    blockSize: [16, 32],
    window: [0, 64, 128, 256],
    softcap: [0, 50],
    launch: LAUNCHES,
    sequences: [MIXED, DECODE],
    seed: seeds,
  }).map(({ heads: [headCount, kvHeadCount], launch, ...rest }) => ({
    ...rest,
    ...launch,
    headCount: headCount!,
    kvHeadCount: kvHeadCount!,
  }));
}

/** Cases beside the matrix, each with what is special about it. */
export function extraCases(seeds: readonly number[]): { name: string; cases: MatrixCase[] }[] {
  const with_ = (...changes: Partial<MatrixCase>[]) =>
    changes.flatMap((change) => seeds.map((seed) => ({ ...PLAIN, ...change, seed })));
  const fine = { workgroupTarget: 4096 };
  const mixed = {
    sequences: [
      [1, 700],
      [3, 40],
      [40, 90],
    ] as const,
  };
  const modes = ["unified", "split", "tallTileOnly", "splitKvOnly"] as const;
  return [
    {
      name: "ALiBi",
      cases: with_({ ...mixed, alibi: true }, { ...mixed, ...fine, alibi: true, window: 50 }),
    },
    {
      name: "sinks",
      cases: with_({ ...mixed, sinks: true }, { ...mixed, ...fine, sinks: true, softcap: 30 }),
    },
    {
      name: "trees of drafts",
      cases: with_(
        {
          sequences: [
            [8, 300],
            [6, 6],
            [8, 9],
          ],
          ...fine,
          tree: true,
        },
        {
          sequences: [
            [5, 800],
            [1, 44],
          ],
          tree: true,
          mode: "unified",
        },
        { sequences: [[8, 200]], tree: true, alibi: true, sinks: true, softcap: 20, window: 77, ...fine },
      ),
    },
    {
      name: "head sizes",
      cases: with_(...[8, 32, 80, 96, 112, 192].map((headDim) => ({ ...mixed, ...fine, headDim }))),
    },
    {
      name: "group sizes",
      cases: with_(
        ...[1, 3, 6, 7, 8, 16, 20].map((group) => ({ ...mixed, ...fine, headCount: 2 * group, headDim: 32 })),
      ),
    },
    {
      name: "lengths at and beside edges",
      cases: with_(
        ...[
          [1, 15, 16, 17],
          [31, 32, 33, 47],
          [48, 255, 256, 257],
        ].flatMap((lengths) => [
          { ...fine, sequences: lengths.map((length) => [1, length] as const) },
          { ...fine, sequences: lengths.map((length) => [length, length] as const) },
        ]),
      ),
    },
    {
      name: "sequences shorter than their segments would be",
      cases: with_({
        ...fine,
        sequences: [
          [1, 3],
          [1, 5],
          [1, 1],
          [2, 2],
        ],
      }),
    },
    {
      name: "windows narrower than a tile",
      cases: with_(...[1, 5, 15, 17].map((window) => ({ ...mixed, ...fine, window }))),
    },
    {
      name: "a prompt without context",
      cases: with_(
        { sequences: [[70, 70]] },
        {
          sequences: [
            [9, 9],
            [65, 65],
          ],
        },
      ),
    },
    {
      name: "chunks of a prompt",
      cases: with_({
        sequences: [
          [64, 500],
          [9, 1000],
        ],
        kvType: "f16",
      }),
    },
    {
      name: "many decodes before a prompt",
      cases: with_(
        ...modes.map((mode) => ({
          mode,
          sequences: [
            ...Array.from({ length: 33 }, (_, i) => [1, 7 * i + 1] as const),
            [16, 16] as const,
            [40, 71] as const,
          ],
        })),
      ),
    },
    {
      name: "several query tokens in a decode row",
      cases: with_(
        ...[2, 5, 8].map((queryLen) => ({
          ...fine,
          sequences: [
            [queryLen, 600],
            [queryLen, queryLen],
            [1, 50],
          ] as const,
        })),
      ),
    },
    {
      name: "segments of a fixed length",
      cases: with_({
        segmentLen: 64,
        sequences: [
          [1, 1000],
          [4, 130],
          [30, 40],
        ],
      }),
    },
    {
      name: "int8 with every feature at once",
      cases: with_({
        ...mixed,
        ...fine,
        kvType: "int8",
        alibi: true,
        sinks: true,
        tree: true,
        softcap: 40,
        window: 300,
        headCount: 6,
        headDim: 80,
      }),
    },
    {
      name: "the threads of other devices",
      cases: with_(
        ...(["software", "hardware", "hardware without subgroups"] as const).flatMap((layout) =>
          (["f32", "f16", "int8"] as const).flatMap((kvType) => [
            { ...mixed, ...fine, layout, kvType, headCount: 8 },
            { ...mixed, layout, kvType, headCount: 8, mode: "unified" as const, headDim: 80, window: 100 },
          ]),
        ),
      ),
    },
  ];
}

/** Every combination, the last key's values changing fastest. */
function cross<T extends Record<string, unknown>>(axes: { [K in keyof T]: readonly T[K][] }): T[] {
  return Object.entries(axes).reduce<Partial<T>[]>(
    (rows, [name, values]) =>
      rows.flatMap((row) =>
        (values as readonly unknown[]).map((value) => ({ ...row, [name]: value }) as Partial<T>),
      ),
    [{}],
  ) as T[];
}

import type { KvType } from "../../src/kernels/attention-layout.ts";
import { ATTENTION_MODES, type AttentionMode } from "../../src/kernels/attention-plan.ts";

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
  headDim: 32,
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

/** Not of the matrix, and quick. */
const SMALL = [
  [1, 40],
  [3, 70],
  [20, 33],
] as const;

/** The launches of the main matrix: one for all, split, decode rows never cut, decode rows always cut. */
const LAUNCHES = [
  { mode: "unified", workgroupTarget: 64 },
  { mode: "split", workgroupTarget: 64 },
  { mode: "split", workgroupTarget: 1 },
  { mode: "split", workgroupTarget: 4096 },
] as const;

/** What of a case is compiled into its kernels. */
type Form = Pick<
  MatrixCase,
  "headCount" | "kvHeadCount" | "headDim" | "kvType" | "blockSize" | "window" | "softcap"
>;

const KV_TYPES = ["f32", "f16", "int8"] as const;
const HEADS = [
  { headCount: 4, kvHeadCount: 4 },
  { headCount: 8, kvHeadCount: 2 },
  { headCount: 5, kvHeadCount: 1 },
];
const HEAD_DIMS = [64, 128, 256];
const BLOCK_SIZES = [16, 32];
const WINDOWS = [0, 64, 128, 256];
const SOFTCAPS = [0, 50];

/** A form of the main matrix with every launch plan and batch, both seeds. */
export function casesOf(form: Form, batches: readonly Lengths[] = [MIXED, DECODE]): MatrixCase[] {
  return batches.flatMap((sequences) =>
    LAUNCHES.flatMap((launch) => [1, 2].map((seed) => ({ ...form, sequences, ...launch, seed }))),
  );
}

/** The same with a small batch besides. */
export function spreadCasesOf(form: Form): MatrixCase[] {
  return casesOf(form, [MIXED, DECODE, SMALL]);
}

/** Every form of the main matrix, by heads, head size and storage. */
export function mainMatrix(): { name: string; forms: Form[] }[] {
  return HEADS.flatMap((heads) =>
    HEAD_DIMS.flatMap((headDim) =>
      KV_TYPES.map((kvType) => ({
        name: `${heads.headCount}/${heads.kvHeadCount} heads of ${headDim}, ${kvType}`,
        forms: BLOCK_SIZES.flatMap((blockSize) =>
          WINDOWS.flatMap((window) =>
            SOFTCAPS.map((softcap) => ({ ...heads, headDim, kvType, blockSize, window, softcap })),
          ),
        ),
      })),
    ),
  );
}

/** Six forms in which each value of the matrix occurs; a software driver compiles for seconds for each. */
export function spreadForms(): Form[] {
  return [64, 64, 64, 128, 128, 256].map((headDim, i) => ({
    ...HEADS[i % 3]!,
    headDim,
    kvType: KV_TYPES[(i + Math.floor(i / 3)) % 3]!,
    blockSize: BLOCK_SIZES[i % 2]!,
    window: WINDOWS[i % 4]!,
    softcap: SOFTCAPS[(i >> 1) % 2]!,
  }));
}

type Lengths = readonly (readonly [number, number])[];

/** Cases beside the matrix, by what is special about them. In brief, few kernels serve many of them. */
export function extraCases(full: boolean): { name: string; cases: MatrixCase[] }[] {
  const cases = (...changes: Partial<MatrixCase>[]) =>
    changes.flatMap((change) => (full ? [1, 2] : [1]).map((seed) => ({ ...PLAIN, ...change, seed })));
  const some = <T>(all: readonly T[], few: readonly T[]) => (full ? all : few);
  return [
    {
      name: "ALiBi",
      cases: cases(...some([{}, FINE, { ...FINE, window: 50 }], [{}, FINE]).map(featured("alibi"))),
    },
    {
      name: "sinks",
      cases: cases(...some([{}, FINE, { ...FINE, softcap: 30 }], [{}, FINE]).map(featured("sinks"))),
    },
    { name: "trees of drafts", cases: cases(...trees(full)) },
    {
      name: "head sizes",
      cases: cases(
        ...some([8, 32, 80, 96, 112, 192], [8, 80]).map((headDim) => ({ ...MIXED_FEW, ...FINE, headDim })),
      ),
    },
    {
      name: "group sizes",
      cases: cases(
        ...some([1, 3, 6, 7, 8, 16, 20], [1, 3, 20]).map((group) => ({
          ...MIXED_FEW,
          ...FINE,
          headCount: 2 * group,
        })),
      ),
    },
    { name: "lengths at and beside edges", cases: cases(...edges()) },
    {
      name: "sequences shorter than a segment",
      cases: cases({
        ...FINE,
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
      cases: cases(...some([1, 5, 15, 17], [5]).map((window) => ({ ...MIXED_FEW, ...FINE, window }))),
    },
    {
      name: "prompts without context",
      cases: cases(
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
      name: "chunks of prompts",
      cases: cases({
        sequences: [
          [64, 500],
          [9, 1000],
        ],
      }),
    },
    { name: "many decodes before prompts", cases: cases(...manyDecodes(full)) },
    {
      name: "several query tokens in a decode row",
      cases: cases(
        ...[2, 5, 8].map((length) => ({
          ...FINE,
          sequences: [
            [length, 600],
            [length, length],
            [1, 50],
          ] as const,
        })),
      ),
    },
    {
      name: "segments of a fixed length",
      cases: cases({
        segmentLen: 64,
        sequences: [
          [1, 1000],
          [4, 130],
          [30, 40],
        ],
      }),
    },
    { name: "every feature at once", cases: cases({ ...MIXED_FEW, ...FINE, ...EVERYTHING }) },
    { name: "threads laid out for other devices", cases: cases(...otherLayouts(full)) },
  ];
}

const FINE = { workgroupTarget: 4096 };
const MIXED_FEW = {
  sequences: [
    [1, 700],
    [3, 40],
    [40, 90],
  ] as Lengths,
};
const EVERYTHING = {
  kvType: "int8",
  alibi: true,
  sinks: true,
  tree: true,
  softcap: 40,
  window: 300,
  headCount: 6,
  headDim: 80,
} as const;

function featured(feature: "alibi" | "sinks") {
  return (change: Partial<MatrixCase>): Partial<MatrixCase> => ({ ...MIXED_FEW, ...change, [feature]: true });
}

function trees(full: boolean): Partial<MatrixCase>[] {
  const split = {
    sequences: [
      [8, 300],
      [6, 6],
      [8, 9],
    ] as Lengths,
    ...FINE,
    tree: true,
  };
  const whole = {
    sequences: [
      [5, 800],
      [1, 44],
    ] as Lengths,
    tree: true,
    mode: "unified",
  } as const;
  return full ? [split, whole, { ...split, alibi: true, sinks: true, softcap: 20, window: 77 }] : [split];
}

function edges(): Partial<MatrixCase>[] {
  const lengths = [
    [1, 15, 16, 17],
    [31, 32, 33, 47],
    [48, 255, 256, 257],
  ];
  return lengths.flatMap((row) => [
    { ...FINE, sequences: row.map((length) => [1, length] as const) },
    { ...FINE, sequences: row.map((length) => [length, length] as const) },
  ]);
}

function manyDecodes(full: boolean): Partial<MatrixCase>[] {
  const decodes = Array.from({ length: 33 }, (_, i) => [1, 7 * i + 1] as const);
  const sequences: Lengths = [...decodes, [16, 16], [40, 71]];
  const modes = full ? ATTENTION_MODES : (["unified", "split"] as const);
  return modes.map((mode) => ({ mode, sequences }));
}

function otherLayouts(full: boolean): Partial<MatrixCase>[] {
  const small = { ...MIXED_FEW, ...FINE, headCount: 8, kvType: "f16" } as const;
  if (!full)
    return [
      { ...small, layout: "hardware" },
      { ...small, layout: "hardware without subgroups" },
    ];
  return LAYOUTS.flatMap((layout) =>
    KV_TYPES.flatMap((kvType) => [
      { ...small, layout, kvType, headDim: 64 },
      { ...small, layout, kvType, mode: "unified" as const, headDim: 80, window: 100 },
    ]),
  );
}

const LAYOUTS = ["software", "hardware", "hardware without subgroups"] as const;

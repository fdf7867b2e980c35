import type { GpuFeatures } from "../../src/gpu/device.ts";
import { type AttentionForm, attention, partialBytes } from "../../src/kernels/attention.ts";
import type { KvType } from "../../src/kernels/attention-layout.ts";
import { type AttentionSetup, planAttention } from "../../src/kernels/attention-plan.ts";
import { attentionSetup, defaultTuning } from "../../src/kernels/attention-setup.ts";
import { writeAttention } from "../../src/kernels/attention-table.ts";
import type { KernelContext } from "../../src/kernels/recorder.ts";
import { StepMetadata, type StepShape } from "../../src/kernels/step-metadata.ts";
import { attendRow } from "../reference/attention.ts";
import type { MatrixCase } from "./attention-cases.ts";
import type { TestGpu } from "./gpu.ts";
import { Random } from "./random.ts";
import { kernelContext } from "./step.ts";
import { TOLERANCES } from "./tolerance.ts";

/** A case with its numbers drawn, and the buffers that hold them. */
export interface PreparedCase {
  readonly form: AttentionForm;
  readonly setup: AttentionSetup;
  readonly context: KernelContext;
  readonly metadata: StepMetadata;
  readonly shape: StepShape;
  readonly buffers: Parameters<typeof attention>[1];
  /** The output wanted at a query token (of the step) and head. */
  readonly wanted: (token: number, head: number) => Float64Array;
  readonly tokenCount: number;
}

/** Draws queries, keys and values and puts them where the kernels look: free blocks hold NaNs. */
export function prepare(test: TestGpu, c: MatrixCase): PreparedCase {
  const random = new Random(c.seed * 7919 + c.headDim + c.sequences.length);
  const form = formOf(c);
  const context = contextOf(test, c);
  const setup = setupOf(c, context, form);
  const cache = new DrawnCache(c, random);
  const tokenCount = c.sequences.reduce((sum, [queryLen]) => sum + queryLen, 0);
  const query = Float32Array.from(random.normals(tokenCount * c.headCount * c.headDim));
  const traits = Float32Array.from({ length: 2 * c.headCount }, (_, i) =>
    i % 2 === 0 ? random.normal() * 2 : 2 ** -(1 + (i >> 1) / 2),
  );
  const biases = c.tree ? c.sequences.map(([queryLen]) => randomTree(random, queryLen)) : [];
  const { metadata, shape } = describeStep(c, setup, cache.tables, biases);
  const unwritten = tokenCount * c.headCount * c.headDim;
  const buffers = {
    ...form,
    query: test.upload(query),
    keys: test.upload(cache.keys),
    values: test.upload(cache.values),
    scales: c.kvType === "int8" ? test.upload(cache.scales) : undefined,
    headTraits: c.alibi || c.sinks ? test.upload(traits) : undefined,
    partials: test.poisoned(partialBytes(form, Math.max(1, setup.scratchRows)) / 4),
    output: test.poisoned(unwritten),
  };
  const starts = c.sequences.map((_, i) =>
    c.sequences.slice(0, i).reduce((sum, [length]) => sum + length, 0),
  );
  const wanted = (token: number, head: number) => {
    const sequence = starts.findLastIndex((start) => start <= token);
    const [queryLen, seqLen] = c.sequences[sequence]!;
    const own = query.subarray(starts[sequence]! * c.headCount * c.headDim);
    const heads = (offset: number) => traits.filter((_, i) => i % 2 === offset);
    const row = { ...c, queryLen, seqLen, scale: form.scale, query: own, bias: biases[sequence] };
    const features = { slopes: c.alibi ? heads(1) : undefined, sinks: c.sinks ? heads(0) : undefined };
    return attendRow({ ...row, ...features, ...cache.reader(sequence) }, token - starts[sequence]!, head);
  };
  return { form, setup, context, metadata, shape, buffers, wanted, tokenCount };
}

/** Runs a prepared case; `[tokens][heads][headDim]`. */
export async function execute(test: TestGpu, prepared: PreparedCase): Promise<Float32Array> {
  const { context, buffers, setup, metadata, shape } = prepared;
  const step = test.stepBuffer(metadata.words.slice(0, Math.ceil(metadata.used / 64) * 64 + 64));
  await test.run(attention(context, buffers, setup), step, shape);
  const output = (await test.readFloats(buffers.output)).slice();
  step.destroy();
  return output;
}

export function release({ buffers }: PreparedCase): void {
  const { query, keys, values, scales, headTraits, partials, output } = buffers;
  for (const buffer of [query, keys, values, scales, headTraits, partials, output]) buffer?.destroy();
}

/** Compares sampled rows with the reference; returns what is wrong, or nothing. */
export function difference(c: MatrixCase, prepared: PreparedCase, got: Float32Array): string | undefined {
  const { atol, rtol } = TOLERANCES[c.kvType];
  for (const [token, head] of sampledRows(c, prepared.tokenCount)) {
    const wanted = prepared.wanted(token, head);
    for (const [i, value] of wanted.entries()) {
      const came = got[(token * c.headCount + head) * c.headDim + i]!;
      if (!(Math.abs(came - value) <= atol + rtol * Math.abs(value))) {
        return `token ${token}, head ${head}, element ${i}: got ${came}, wanted ${value}`;
      }
    }
  }
  const unwritten = got.findIndex(Number.isNaN);
  return unwritten < 0 ? undefined : `element ${unwritten} of ${got.length} is not a number`;
}

const SAMPLED_ROWS = 24;

/** Rows to compare: first and last of each sequence, and random ones; NaNs are looked for in all. */
function sampledRows(c: MatrixCase, tokenCount: number): [number, number][] {
  const random = new Random(c.seed);
  const rows: [number, number][] = [];
  let token = 0;
  for (const [queryLen] of c.sequences) {
    rows.push([token, 0], [token + queryLen - 1, c.headCount - 1]);
    token += queryLen;
  }
  const extra = Math.min(SAMPLED_ROWS, tokenCount * c.headCount);
  for (let i = 0; i < extra; i++) rows.push([random.integer(tokenCount), random.integer(c.headCount)]);
  return rows;
}

function formOf(c: MatrixCase): AttentionForm {
  return {
    ...c,
    scale: c.headDim ** -0.5,
    window: c.window || undefined,
    softcap: c.softcap || undefined,
    bias: c.tree,
  };
}

function contextOf(test: TestGpu, { layout }: MatrixCase): KernelContext {
  const context = kernelContext(test, layout === undefined ? undefined : layout === "software");
  const features: GpuFeatures = { ...context.features, subgroups: false };
  return layout === "hardware without subgroups" ? { ...context, features } : context;
}

function setupOf(c: MatrixCase, context: KernelContext, form: AttentionForm): AttentionSetup {
  const group = c.headCount / c.kvHeadCount;
  const tuning = { ...defaultTuning(context, group), workgroupTarget: c.workgroupTarget, minSegmentLen: 16 };
  const limits = {
    maxSequences: c.sequences.length,
    contextLen: Math.max(...c.sequences.map(([, length]) => length)),
  };
  const setup = attentionSetup(context, form, { mode: c.mode, tuning }, limits);
  if (c.segmentLen === undefined) return setup;
  return { ...setup, segmentLen: c.segmentLen, scratchRows: 4096 };
}

/** The step's metadata, as far as attention reads it. */
function describeStep(
  c: MatrixCase,
  setup: AttentionSetup,
  tables: readonly (readonly number[])[],
  biases: readonly Float32Array[],
) {
  const metadata = new StepMetadata(1_000_000);
  const { words } = metadata;
  const sequenceCount = c.sequences.length;
  const starts = metadata.section("queryStartsAt", sequenceCount + 1);
  const lengths = metadata.section("seqLensAt", sequenceCount);
  const stride = Math.max(...tables.map(({ length }) => length));
  const at = metadata.section("blockTablesAt", sequenceCount * stride);
  metadata.set("blockTableStride", stride);
  for (const [i, [queryLen, seqLen]] of c.sequences.entries()) {
    words[starts + i + 1] = words[starts + i]! + queryLen;
    words[lengths + i] = seqLen;
    words.set(tables[i]!, at + i * stride);
  }
  const spans = c.sequences.map(([queryLen, seqLen], i) => {
    const bias = biases[i];
    if (!bias) return { queryLen, seqLen };
    const biasAt = metadata.section("marksAt", bias.length);
    metadata.floats.set(bias, biasAt);
    return { queryLen, seqLen, biasAt };
  });
  const attention = writeAttention(metadata, planAttention(spans, setup), c.kvHeadCount);
  const tokenCount = words[starts + sequenceCount]!;
  metadata.set("tokenCount", tokenCount);
  metadata.set("sequenceCount", sequenceCount);
  return { metadata, shape: { tokenCount, sequenceCount, sampleCount: 0, markCount: 0, attention } };
}

/** Every token's parent is an earlier one; it sees its ancestors and itself. */
function randomTree(random: Random, length: number): Float32Array {
  const bias = new Float32Array(length * length).fill(Number.NEGATIVE_INFINITY);
  for (let token = 0; token < length; token++) {
    const parent = random.integer(token + 1) - 1;
    if (parent >= 0) bias.copyWithin(token * length, parent * length, parent * length + length);
    bias[token * length + token] = random.normal() / 4;
  }
  return bias;
}

/** A paged cache of random keys and values, blocks in random order and NaNs wherever no token is. */
class DrawnCache {
  readonly tables: number[][];
  readonly keys: Uint32Array;
  readonly values: Uint32Array;
  readonly scales: Float32Array;
  readonly #c: MatrixCase;
  readonly #wordsPerVector: number;

  constructor(c: MatrixCase, random: Random) {
    this.#c = c;
    const { blockSize, kvHeadCount, headDim } = c;
    const blockCounts = c.sequences.map(([, seqLen]) => Math.ceil(seqLen / blockSize));
    const blockCount = blockCounts.reduce((sum, count) => sum + count, 3);
    const free = shuffled(random, blockCount);
    this.tables = blockCounts.map((count) => free.splice(0, count));
    this.#wordsPerVector = headDim / { f32: 1, f16: 2, int8: 4 }[c.kvType];
    const vectors = blockCount * blockSize * kvHeadCount;
    this.keys = new Uint32Array(vectors * this.#wordsPerVector).fill(0x7fff_7fff);
    this.values = this.keys.slice();
    this.scales = new Float32Array(2 * vectors).fill(Number.NaN);
    const pattern = new Pattern(random, headDim, c.kvType);
    for (const [sequence, [, seqLen]] of c.sequences.entries()) {
      for (let position = 0; position < seqLen; position++) {
        for (let kvHead = 0; kvHead < kvHeadCount; kvHead++) {
          const at = this.#vector(sequence, position, kvHead);
          this.#write(this.keys, 0, at, pattern, random);
          this.#write(this.values, 1, at, pattern, random);
        }
      }
    }
  }

  /** Keys and values of a sequence as the kernels should understand them. */
  reader(sequence: number) {
    const read = (words: Uint32Array, offset: number) => (position: number, kvHead: number) => {
      const at = this.#vector(sequence, position, kvHead);
      const length = this.#wordsPerVector;
      return unpack(
        this.#c.kvType,
        words.subarray(at * length, (at + 1) * length),
        this.scales[2 * at + offset]!,
      );
    };
    return { key: read(this.keys, 0), value: read(this.values, 1) };
  }

  #vector(sequence: number, position: number, kvHead: number): number {
    const { blockSize, kvHeadCount } = this.#c;
    const block = this.tables[sequence]![Math.floor(position / blockSize)]!;
    return (block * blockSize + (position % blockSize)) * kvHeadCount + kvHead;
  }

  #write(words: Uint32Array, offset: number, at: number, pattern: Pattern, random: Random): void {
    words.set(pattern.draw(random), at * this.#wordsPerVector);
    this.scales[2 * at + offset] = 1 + random.next();
  }
}

/** Packed normal vectors: stretches of one long stream of them, for drawing each anew would take the longest. */
class Pattern {
  readonly #stream: Uint32Array;
  readonly #length: number;

  constructor(random: Random, headDim: number, kvType: KvType) {
    this.#stream = pack(kvType, random.normals(64 * 1024));
    this.#length = (headDim * this.#stream.length) / (64 * 1024);
  }

  draw(random: Random): Uint32Array {
    const start = random.integer(this.#stream.length - this.#length);
    return this.#stream.subarray(start, start + this.#length);
  }
}

function shuffled(random: Random, count: number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Packs as the cache does: a normal value's largest byte is left for 3. */
function pack(kvType: KvType, values: Float64Array): Uint32Array {
  if (kvType === "f32") return new Uint32Array(Float32Array.from(values).buffer);
  if (kvType === "f16") return new Uint32Array(Uint16Array.from(values, halfOf).buffer);
  return new Uint32Array(Int8Array.from(values, (value) => Math.max(-127, Math.min(127, value * 42))).buffer);
}

function unpack(kvType: KvType, words: Uint32Array, scale: number): ArrayLike<number> {
  const bytes = words.slice().buffer;
  if (kvType === "f32") return new Float32Array(bytes);
  if (kvType === "f16") return Float64Array.from(new Uint16Array(bytes), floatOf);
  return Float64Array.from(new Int8Array(bytes), (value) => (value / 127) * scale);
}

/** A normal half of a float in [2^-14, 2^15], or zero for less. */
function halfOf(value: number): number {
  const magnitude = Math.abs(value);
  const sign = value < 0 ? 0x8000 : 0;
  if (magnitude < 2 ** -14) return sign;
  const exponent = Math.floor(Math.log2(magnitude));
  return sign + (exponent + 15) * 1024 + Math.floor((magnitude / 2 ** exponent - 1) * 1024);
}

function floatOf(half: number): number {
  const magnitude = half & 0x7fff;
  const value = magnitude < 1024 ? 0 : 2 ** ((magnitude >> 10) - 15) * (1 + (magnitude & 1023) / 1024);
  return half & 0x8000 ? -value : value;
}

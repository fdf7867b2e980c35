import { SAMPLED, type Sampling, type SequenceStep, type StepPlan } from "../engine/step.ts";
import { type AttentionSetup, type Launch, planAttention } from "../kernels/attention-plan.ts";
import { writeAttention } from "../kernels/attention-table.ts";
import { SAMPLE_WORDS } from "../kernels/sample.ts";
import { FROM_SLOT, NO_SLOT, StepMetadata, type StepShape } from "../kernels/step-metadata.ts";

const IN_PROMPT = 0x8000;

/** Turns a step plan into the words the kernels read and the sizes their grids follow from. */
export class StepWriter {
  readonly metadata: StepMetadata;
  readonly #blockSize: number;
  readonly #attention: AttentionSetup | undefined;
  #launches: readonly Launch[] = [];
  /** Tells the sequences apart that used a slot one after another; see shaders/history_mark.wgsl. */
  readonly #stamps: Uint16Array;

  /** Without `attention` the steps have no attention launches. */
  constructor(capacityWords: number, blockSize: number, slotCount: number, attention?: AttentionSetup) {
    this.metadata = new StepMetadata(capacityWords);
    this.#blockSize = blockSize;
    this.#attention = attention;
    this.#stamps = new Uint16Array(slotCount);
  }

  /** The attention launches of the step written last. */
  get launches(): readonly Launch[] {
    return this.#launches;
  }

  /** Fills `metadata` for a step. */
  write({ sequences }: StepPlan): StepShape {
    const { metadata } = this;
    metadata.reset();
    const tokenCount = sum(sequences, ({ tokens }) => tokens.length);
    const sampleCount = sum(sequences, (sequence) => sequence.sampleCount);
    const markCount = this.#writeMarks(sequences);
    metadata.set("tokenCount", tokenCount);
    metadata.set("sequenceCount", sequences.length);
    metadata.set("sampleCount", sampleCount);
    metadata.set("markCount", markCount);
    this.#writeTokens(sequences, tokenCount);
    this.#writeSequences(sequences);
    this.#writeSamples(sequences, sampleCount);
    const attention = this.#writeAttention(sequences);
    return { tokenCount, sequenceCount: sequences.length, sampleCount, markCount, attention };
  }

  #writeAttention(sequences: readonly SequenceStep[]): StepShape["attention"] {
    const setup = this.#attention;
    if (!setup) return [];
    const spans = sequences.map(({ tokens, position }) => {
      return { queryLen: tokens.length, seqLen: position + tokens.length };
    });
    this.#launches = planAttention(spans, setup);
    return writeAttention(this.metadata, this.#launches, setup.kvHeadCount);
  }

  #writeTokens(sequences: readonly SequenceStep[], tokenCount: number): void {
    const { metadata } = this;
    const { words } = metadata;
    let token = metadata.section("tokensAt", tokenCount);
    let positionAt = metadata.section("positionsAt", tokenCount);
    let slotAt = metadata.section("slotMappingAt", tokenCount);
    for (const { tokens, position, blocks, slot } of sequences) {
      for (let i = 0; i < tokens.length; i++) {
        const id = tokens[i]!;
        const at = position + i;
        const block = blocks[Math.floor(at / this.#blockSize)];
        words[token++] = id === SAMPLED ? FROM_SLOT + slot : id;
        words[positionAt++] = at;
        words[slotAt++] = block === undefined ? NO_SLOT : block * this.#blockSize + (at % this.#blockSize);
      }
    }
  }

  #writeSequences(sequences: readonly SequenceStep[]): void {
    const { metadata } = this;
    const { words } = metadata;
    const starts = metadata.section("queryStartsAt", sequences.length + 1);
    const lengths = metadata.section("seqLensAt", sequences.length);
    const stride = sequences.reduce((most, { blocks }) => Math.max(most, blocks.length), 1);
    const tables = metadata.section("blockTablesAt", sequences.length * stride);
    metadata.set("blockTableStride", stride);
    words[starts] = 0;
    for (const [i, { tokens, position, blocks }] of sequences.entries()) {
      words[starts + i + 1] = words[starts + i]! + tokens.length;
      words[lengths + i] = position + tokens.length;
      words.set(blocks, tables + i * stride);
    }
  }

  #writeSamples(sequences: readonly SequenceStep[], sampleCount: number): void {
    const { metadata } = this;
    let at = metadata.section("samplesAt", sampleCount * SAMPLE_WORDS);
    let end = 0;
    for (const sequence of sequences) {
      end += sequence.tokens.length;
      const last = sequence.position + sequence.tokens.length;
      for (let back = sequence.sampleCount - 1; back >= 0; back--) {
        this.#writeSample(at, end - 1 - back, last - back, sequence);
        at += SAMPLE_WORDS;
      }
    }
  }

  /** `struct Sample` of shaders/sampling.wgsl. */
  #writeSample(at: number, row: number, position: number, { slot, sampling }: SequenceStep): void {
    const { words, floats } = this.metadata;
    words[at] = row;
    words[at + 1] = this.#stamps[slot]! * 0x1_0000 + slot;
    words[at + 2] = position;
    words[at + 3] = sampling.seed;
    floats[at + 4] = sampling.temperature;
    words[at + 5] = sampling.topK;
    floats[at + 6] = sampling.topP;
    floats[at + 7] = sampling.minP;
    floats[at + 8] = sampling.repetitionPenalty;
    floats[at + 9] = sampling.presencePenalty;
    floats[at + 10] = sampling.frequencyPenalty;
    words[at + 11] = penalised(sampling) ? 1 : 0;
  }

  #writeMarks(sequences: readonly SequenceStep[]): number {
    const { metadata } = this;
    const count = sum(sequences, ({ history }) =>
      history ? history.prompt.length + history.output.length : 0,
    );
    let at = metadata.section("marksAt", 2 * count);
    for (const { slot, history } of sequences) {
      if (!history) continue;
      // Stamp 0 is what untouched memory holds.
      this.#stamps[slot] = (this.#stamps[slot]! % 0xffff) + 1;
      const target = this.#stamps[slot]! * 0x1_0000 + slot;
      for (const token of history.prompt) {
        metadata.words[at++] = target + IN_PROMPT;
        metadata.words[at++] = token;
      }
      for (const token of history.output) {
        metadata.words[at++] = target;
        metadata.words[at++] = token;
      }
    }
    return count;
  }
}

function penalised(sampling: Sampling): boolean {
  return (
    sampling.repetitionPenalty !== 1 || sampling.presencePenalty !== 0 || sampling.frequencyPenalty !== 0
  );
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

import type { Grid } from "../gpu/command-list.ts";

/** The header's fields in the order of `struct Step` in shaders/step.wgsl. */
export const STEP_FIELDS = [
  "tokenCount",
  "sequenceCount",
  "sampleCount",
  "markCount",
  "tokensAt",
  "positionsAt",
  "slotMappingAt",
  "queryStartsAt",
  "seqLensAt",
  "blockTablesAt",
  "blockTableStride",
  "samplesAt",
  "marksAt",
  "attentionAt",
] as const;

export type StepField = (typeof STEP_FIELDS)[number];

/** Set in a token word whose low bits name the slot to take the last sampled token from. */
export const FROM_SLOT = 0x8000_0000;
/** A token whose KV is not to be written. */
export const NO_SLOT = 0xffff_ffff;

/** Words the header takes: 256 bytes, so that any section offset a device wants is met by what follows. */
export const HEADER_WORDS = 64;

/**
 * The metadata of one step, built in host memory and uploaded with a single write. Sections follow the header
 * back to back, so the upload is as short as the step is small.
 */
export class StepMetadata {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly floats: Float32Array<ArrayBuffer>;
  #used = HEADER_WORDS;

  constructor(capacityWords: number) {
    this.words = new Uint32Array(capacityWords);
    this.floats = new Float32Array(this.words.buffer);
  }

  /** Words in use, header included. */
  get used(): number {
    return this.#used;
  }

  reset(): void {
    this.#used = HEADER_WORDS;
  }

  set(field: StepField, value: number): void {
    this.words[STEP_FIELDS.indexOf(field)] = value;
  }

  get(field: StepField): number {
    return this.words[STEP_FIELDS.indexOf(field)]!;
  }

  /** Opens a section of `length` words, stores where it starts under `field`, and returns that word offset. */
  section(field: StepField, length: number): number {
    const start = this.#used;
    if (start + length > this.words.length) {
      throw new Error(`step metadata is full: ${start} + ${length} words, room for ${this.words.length}`);
    }
    this.#used += length;
    this.set(field, start);
    return start;
  }
}

/** The sizes that grids follow from. */
export interface StepShape {
  readonly tokenCount: number;
  readonly sequenceCount: number;
  readonly sampleCount: number;
  readonly markCount: number;
  /** Grid of each attention launch of the step, by launch slot; see src/kernels/attention.ts. */
  readonly attention: readonly Grid[];
}

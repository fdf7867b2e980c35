// What every kernel may know of the step it runs in. Prepended to the kernels; written by
// src/kernels/step-metadata.ts, whose field list has the same order.
//
// `metadata` is the whole buffer as words, header included; the `...At` fields say where a section starts.

struct Step {
  tokenCount: u32, // input tokens, over all sequences
  sequenceCount: u32,
  sampleCount: u32, // rows that get logits and a sampled token
  markCount: u32, // entries of the history section
  tokensAt: u32, // [tokens] id, or FROM_SLOT | slot for the token last sampled there
  positionsAt: u32, // [tokens]
  slotMappingAt: u32, // [tokens] block * blockSize + offset, or NO_SLOT
  queryStartsAt: u32, // [sequences + 1] first token of each sequence
  seqLensAt: u32, // [sequences] KV length, this step's tokens included
  blockTablesAt: u32, // [sequences][blockTableStride]
  blockTableStride: u32,
  samplesAt: u32, // [samples][SAMPLE_WORDS], see sampling.wgsl
  marksAt: u32, // [marks][2], see history_mark.wgsl
  attentionAt: u32, // the attention launches' own section, see src/kernels/attention.ts
}

const SAMPLE_WORDS = 12u;
const FROM_SLOT = 0x80000000u;
const NO_SLOT = 0xffffffffu;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> metadata: array<u32>;

// The bound of a loop that is to stay one: software drivers unroll those whose length they know, and take tens of
// seconds to compile the result. The count of sequences is never so high.
fn rolled(count: u32) -> u32 {
  return count + (step.sequenceCount >> 31u);
}

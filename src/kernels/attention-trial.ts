import { CommandList } from "../gpu/command-list.ts";
import { type AttentionForm, attention, partialBytes } from "./attention.ts";
import { KV_QUAD_BYTES } from "./attention-layout.ts";
import { type AttentionSetup, type Launch, planAttention, type SequenceSpan } from "./attention-plan.ts";
import { attentionWords, writeAttention } from "./attention-table.ts";
import type { KernelContext, StepDispatch } from "./recorder.ts";
import { HEADER_WORDS, StepMetadata, type StepShape } from "./step-metadata.ts";

export interface TrialSizes {
  /** Query tokens of the largest batch to time. */
  readonly tokenCount: number;
  readonly sequenceCount: number;
  /** Keys of its longest sequence. */
  readonly seqLen: number;
}

/** A batch under a setup, ready to run again and again. */
export interface Trial {
  readonly launches: readonly Launch[];
  /** Milliseconds of one run: the mean of `repeats` in one submission. */
  run(repeats: number): Promise<number>;
  dispose(): void;
}

/**
 * Attention by itself over a cache of zeros, for timing. Sequences read blocks of their own as far as the cache
 * reaches, then the first ones again.
 */
export class AttentionBench {
  readonly #device: GPUDevice;
  readonly #context: KernelContext;
  readonly #form: AttentionForm;
  readonly #blockCount: number;
  readonly #buffers;

  constructor(device: GPUDevice, context: KernelContext, form: AttentionForm, sizes: TrialSizes) {
    this.#device = device;
    this.#context = context;
    this.#form = form;
    const { headCount, kvHeadCount, headDim, blockSize, kvType } = form;
    const blockBytes = blockSize * kvHeadCount * (headDim / 4) * KV_QUAD_BYTES[kvType];
    const most = Math.floor(device.limits.maxStorageBufferBindingSize / blockBytes);
    this.#blockCount = Math.min(most, Math.ceil(sizes.seqLen / blockSize) + 64);
    const rowBytes = 4 * sizes.tokenCount * headCount * headDim;
    const scaleBytes = 8 * this.#blockCount * blockSize * kvHeadCount;
    this.#buffers = {
      query: this.#allocate("query", rowBytes),
      output: this.#allocate("output", rowBytes),
      keys: this.#allocate("keys", this.#blockCount * blockBytes),
      values: this.#allocate("values", this.#blockCount * blockBytes),
      scales: kvType === "int8" ? this.#allocate("scales", scaleBytes) : undefined,
      headTraits: form.alibi || form.sinks ? this.#allocate("head traits", 8 * headCount) : undefined,
    };
  }

  /** Plans a batch and uploads the plan. */
  prepare(batch: readonly SequenceSpan[], setup: AttentionSetup): Trial {
    const launches = planAttention(batch, setup);
    const metadata = this.#describe(batch, setup);
    const attentionGrids = writeAttention(metadata, launches, setup.kvHeadCount);
    const step = this.#allocate("step", 4 * metadata.used, GPUBufferUsage.UNIFORM);
    this.#device.queue.writeBuffer(step, 0, metadata.words, 0, metadata.used);
    const partials = this.#allocate("partials", partialBytes(this.#form, Math.max(1, setup.scratchRows)));
    const list = new CommandList<StepShape>(this.#dispatches(setup, partials));
    const shape = { ...shapeOf(batch), attention: attentionGrids };
    const group = this.#context.kernels.bindShared(step);
    return {
      launches,
      run: (repeats) => this.#time(list, shape, group, repeats),
      dispose: () => {
        step.destroy();
        partials.destroy();
      },
    };
  }

  dispose(): void {
    for (const buffer of Object.values(this.#buffers)) buffer?.destroy();
  }

  #dispatches(setup: AttentionSetup, partials: GPUBuffer): StepDispatch[] {
    return attention(this.#context, { ...this.#form, ...this.#buffers, partials }, setup);
  }

  async #time(list: CommandList<StepShape>, shape: StepShape, group: GPUBindGroup, repeats: number) {
    const { queue } = this.#device;
    const encoder = this.#device.createCommandEncoder({ label: "attention trial" });
    const pass = encoder.beginComputePass({ label: "attention trial" });
    pass.setBindGroup(0, group);
    for (let i = 0; i < repeats; i++) list.encode(pass, shape);
    pass.end();
    await queue.onSubmittedWorkDone();
    const startedMs = performance.now();
    queue.submit([encoder.finish()]);
    await queue.onSubmittedWorkDone();
    return (performance.now() - startedMs) / repeats;
  }

  /** The step's metadata, as far as attention reads it. */
  #describe(batch: readonly SequenceSpan[], setup: AttentionSetup): StepMetadata {
    const { blockSize } = this.#form;
    const { tokenCount } = shapeOf(batch);
    const stride = Math.max(...batch.map(({ seqLen }) => Math.ceil(seqLen / blockSize)));
    const words = HEADER_WORDS + batch.length * (2 + stride) + 1;
    const metadata = new StepMetadata(words + attentionWords(setup, tokenCount, batch.length));
    const starts = metadata.section("queryStartsAt", batch.length + 1);
    const lengths = metadata.section("seqLensAt", batch.length);
    const tables = metadata.section("blockTablesAt", batch.length * stride);
    metadata.set("blockTableStride", stride);
    metadata.set("sequenceCount", batch.length);
    metadata.set("tokenCount", tokenCount);
    let block = 0;
    for (const [i, { queryLen, seqLen }] of batch.entries()) {
      metadata.words[starts + i + 1] = metadata.words[starts + i]! + queryLen;
      metadata.words[lengths + i] = seqLen;
      for (let b = 0; b < stride; b++) metadata.words[tables + i * stride + b] = block++ % this.#blockCount;
    }
    return metadata;
  }

  #allocate(label: string, sizeBytes: number, usage = 0): GPUBuffer {
    return this.#device.createBuffer({
      label,
      size: Math.max(256, Math.ceil(sizeBytes / 16) * 16),
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | usage,
    });
  }
}

function shapeOf(batch: readonly SequenceSpan[]) {
  const tokenCount = batch.reduce((sum, { queryLen }) => sum + queryLen, 0);
  return { tokenCount, sequenceCount: batch.length, sampleCount: 0, markCount: 0 };
}

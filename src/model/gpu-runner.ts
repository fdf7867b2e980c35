import {
  MAX_DECODE_TOKENS,
  type Runner,
  type RunnerLimits,
  type SampledToken,
  type StepPlan,
  type StepResult,
} from "../engine/step.ts";
import { DeviceError } from "../errors.ts";
import { CommandList } from "../gpu/command-list.ts";
import type { Gpu } from "../gpu/device.ts";
import { KernelCache } from "../gpu/kernel.ts";
import { StagingRing } from "../gpu/staging.ts";
import { MAX_VECTOR_ROWS } from "../kernels/linear.ts";
import type { KernelContext } from "../kernels/recorder.ts";
import { rotationTable } from "../kernels/rope-kv-write.ts";
import { SAMPLE_WORDS } from "../kernels/sample.ts";
import { HEADER_WORDS, type StepShape } from "../kernels/step-metadata.ts";
import { type ActivationSizes, allocateActivations } from "./activations.ts";
import type { LlamaConfig } from "./config.ts";
import { allocateKvCache, type KvPlan } from "./kv-cache.ts";
import { type Llama, llamaStep } from "./llama.ts";
import { ropeFrequencies } from "./rope.ts";
import { StepWriter } from "./step-writer.ts";
import type { LlamaWeights } from "./weights.ts";

export interface GpuRunnerOptions {
  readonly gpu: Gpu;
  readonly config: LlamaConfig;
  readonly weights: LlamaWeights;
  readonly kvPlan: KvPlan;
  readonly maxSequences: number;
  readonly maxStepTokens: number;
}

/** A step's dispatches, recorded for steps of up to `tokenLimit` tokens. */
interface RecordedStep {
  readonly tokenLimit: number;
  readonly list: CommandList<StepShape>;
}

/** Runs steps of a Llama on the GPU: one metadata write, one pass over a recorded list, one submit. */
export class GpuRunner implements Runner {
  readonly limits: RunnerLimits;
  readonly model: Llama;
  readonly #gpu: Gpu;
  readonly #kernels: KernelCache;
  readonly #writer: StepWriter;
  readonly #stepBuffer: GPUBuffer;
  readonly #stepGroup: GPUBindGroup;
  readonly #staging: StagingRing;
  readonly #recorded: readonly RecordedStep[];
  readonly #buffers: GPUBuffer[];

  constructor(options: GpuRunnerOptions) {
    const { gpu, config, kvPlan, maxSequences, maxStepTokens } = options;
    const { device } = gpu;
    this.#gpu = gpu;
    this.#kernels = new KernelCache(device);
    this.limits = {
      blockSize: kvPlan.blockSize,
      blockCount: kvPlan.blockCount,
      maxSequences,
      maxStepTokens,
      contextLen: kvPlan.contextLen,
      vocabSize: config.vocabSize,
    };
    const sizes = activationSizes(options);
    const words = metadataWords(this.limits);
    this.#writer = new StepWriter(words, kvPlan.blockSize, maxSequences);
    this.#stepBuffer = device.createBuffer({
      label: "step",
      size: 4 * words,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    this.#stepGroup = this.#kernels.bindShared(this.#stepBuffer);
    this.#staging = new StagingRing(device, 8 * sizes.sampleCount);
    this.model = {
      config,
      weights: options.weights,
      kvPlan,
      cache: allocateKvCache(device, config, kvPlan),
      rotations: upload(device, "rotations", rotationTable(ropeFrequencies(config), kvPlan.contextLen)),
      activations: allocateActivations(device, config, sizes),
    };
    this.#recorded = this.#record();
    const { cache, rotations, activations } = this.model;
    this.#buffers = [
      this.#stepBuffer,
      rotations,
      ...cache.flatMap(({ keys, values }) => [keys, values]),
      ...Object.values(activations),
    ];
  }

  /** Bytes of everything but weights and KV cache. */
  get scratchBytes(): number {
    return this.#buffers.reduce((sum, { size }) => sum + size, 0) - this.model.kvPlan.sizeBytes;
  }

  async execute(plan: StepPlan): Promise<StepResult> {
    const { device } = this.#gpu;
    const started = performance.now();
    const shape = this.#writer.write(plan);
    const { words, used } = this.#writer.metadata;
    device.queue.writeBuffer(this.#stepBuffer, 0, words, 0, used);
    const encoder = device.createCommandEncoder({ label: "step" });
    const pass = encoder.beginComputePass({ label: "step" });
    pass.setBindGroup(0, this.#stepGroup);
    this.#listFor(shape).encode(pass, shape);
    pass.end();
    const resultBytes = 8 * shape.sampleCount;
    const staging =
      resultBytes > 0 ? this.#staging.copy(encoder, this.model.activations.results, resultBytes) : undefined;
    device.queue.submit([encoder.finish()]);
    const submitted = performance.now();
    const sampled = staging
      ? await this.#read(staging, resultBytes, plan)
      : await device.queue.onSubmittedWorkDone().then(() => plan.sequences.map(() => []));
    return { sampled, timings: { encodeMs: submitted - started, runMs: performance.now() - submitted } };
  }

  dispose(): void {
    this.#staging.dispose();
    for (const buffer of this.#buffers) buffer.destroy();
  }

  #listFor(shape: StepShape): CommandList<StepShape> {
    return this.#recorded.find(({ tokenLimit }) => shape.tokenCount <= tokenLimit)!.list;
  }

  /** One list per form that the matrix products take, the shortest steps first. */
  #record(): RecordedStep[] {
    const { device, features, adapter } = this.#gpu;
    const context: KernelContext = {
      kernels: this.#kernels,
      features,
      software: adapter.software,
      unused: upload(device, "unused", new Float32Array(4)),
    };
    const { maxStepTokens } = this.limits;
    const limits = [1, 2, 4, 8, MAX_VECTOR_ROWS, maxStepTokens].filter((limit) => limit <= maxStepTokens);
    return [...new Set(limits)].map((tokenLimit) => ({
      tokenLimit,
      list: new CommandList(llamaStep(context, this.model, tokenLimit)),
    }));
  }

  async #read(staging: GPUBuffer, sizeBytes: number, { sequences }: StepPlan): Promise<SampledToken[][]> {
    try {
      return await this.#staging.read(staging, sizeBytes, (words) => {
        const logprobs = new Float32Array(words.buffer, words.byteOffset, words.length);
        let row = 0;
        return sequences.map(({ sampleCount }) =>
          Array.from({ length: sampleCount }, () => {
            const at = 2 * row++;
            return { id: words[at]!, logprob: logprobs[at + 1]! };
          }),
        );
      });
    } catch (error) {
      throw new DeviceError(`The GPU stopped answering: ${(error as Error).message}`);
    }
  }
}

function activationSizes({ maxSequences, maxStepTokens }: GpuRunnerOptions): ActivationSizes {
  return {
    tokenCount: maxStepTokens,
    sampleCount: Math.min(maxStepTokens, maxSequences * MAX_DECODE_TOKENS),
    slotCount: maxSequences,
  };
}

/** Words the largest step's metadata takes. */
function metadataWords(limits: RunnerLimits): number {
  const { maxSequences, maxStepTokens, contextLen, blockSize } = limits;
  const sampleCount = Math.min(maxStepTokens, maxSequences * MAX_DECODE_TOKENS);
  const blocksPerSequence = Math.ceil(contextLen / blockSize) + 1;
  const sequenceWords = 2 + blocksPerSequence + 2 * contextLen;
  const words =
    HEADER_WORDS + 3 * maxStepTokens + maxSequences * sequenceWords + 1 + sampleCount * SAMPLE_WORDS;
  return Math.ceil(words / 64) * 64;
}

function upload(device: GPUDevice, label: string, data: Float32Array<ArrayBuffer>): GPUBuffer {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer({ label, size: data.byteLength, usage });
  device.queue.writeBuffer(buffer, 0, data);
  return buffer;
}

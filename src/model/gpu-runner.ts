import {
  type KernelTiming,
  MAX_DECODE_TOKENS,
  type Runner,
  type RunnerCapabilities,
  type RunnerLimits,
  type SampledToken,
  type SequenceStep,
  type StepPlan,
  type StepResult,
} from "../engine/step.ts";
import { DeviceError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import { DeviceWatch } from "../gpu/device-watch.ts";
import { KernelCache } from "../gpu/kernel.ts";
import { Profiler } from "../gpu/profiler.ts";
import { StagingRing } from "../gpu/staging.ts";
import { partialBytes } from "../kernels/attention.ts";
import type { AttentionSetup } from "../kernels/attention-plan.ts";
import { type AttentionOptions, attentionSetup } from "../kernels/attention-setup.ts";
import { attentionWords, type LaunchSummary, summarize } from "../kernels/attention-table.ts";
import { rowLimits } from "../kernels/linear.ts";
import type { KernelContext } from "../kernels/recorder.ts";
import { rotationTable } from "../kernels/rope-kv-write.ts";
import { SAMPLE_WORDS } from "../kernels/sample.ts";
import { HEADER_WORDS, type StepShape } from "../kernels/step-metadata.ts";
import { type ActivationSizes, activationBytes, allocateActivations } from "./activations.ts";
import type { LlamaConfig } from "./config.ts";
import { allocateKvCache, cacheBuffers, type KvPlan } from "./kv-cache.ts";
import { attentionForm, type Llama, llamaStep } from "./llama.ts";
import { ropeFrequencies } from "./rope.ts";
import { type RecordingOptions, type RecordingStats, StepLists } from "./step-lists.ts";
import { StepPace } from "./step-pace.ts";
import { StepWriter } from "./step-writer.ts";
import type { LlamaWeights } from "./weights.ts";

export interface GpuRunnerOptions {
  readonly gpu: Gpu;
  readonly config: LlamaConfig;
  readonly weights: LlamaWeights;
  readonly kvPlan: KvPlan;
  readonly maxSequences: number;
  readonly maxStepTokens: number;
  readonly recording?: RecordingOptions | undefined;
  readonly attention?: AttentionOptions | undefined;
  /** Times every kernel launch, where the device can: each gets a pass of its own, so steps take longer. */
  readonly profile?: boolean | undefined;
}

/** How attention is launched, and how it was in the latest step. */
export interface AttentionStats extends AttentionSetup {
  readonly latestStep: readonly LaunchSummary[];
}

/** Runs steps of a Llama on the GPU: one metadata write, one pass over a recorded list, one submit. */
export class GpuRunner implements Runner {
  readonly limits: RunnerLimits;
  readonly model: Llama;
  readonly #device: GPUDevice;
  readonly #watch: DeviceWatch;
  readonly #kernels: KernelCache;
  readonly #writer: StepWriter;
  readonly #stepBuffer: GPUBuffer;
  readonly #stepGroup: GPUBindGroup;
  readonly #staging: StagingRing;
  readonly #lists: StepLists;
  readonly #profiler: Profiler | undefined;
  readonly #buffers: GPUBuffer[];
  readonly #pace = new StepPace();

  constructor(options: GpuRunnerOptions) {
    const { gpu, config, kvPlan, maxSequences, maxStepTokens } = options;
    const { device } = gpu;
    this.#device = device;
    this.#watch = new DeviceWatch(device);
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
    const context = kernelContext(gpu, this.#kernels);
    const form = attentionForm(config, kvPlan);
    const attention = attentionSetup(context, form, options.attention ?? {}, this.limits);
    const words = metadataWords(this.limits, attention);
    this.#writer = new StepWriter(words, kvPlan.blockSize, maxSequences, attention);
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
      attention,
      partials: device.createBuffer({
        label: "partials",
        size: partialBytes(form, Math.max(1, attention.scratchRows)),
        usage: GPUBufferUsage.STORAGE,
      }),
    };
    this.#lists = new StepLists(
      (tokenLimit) => llamaStep(context, this.model, tokenLimit),
      tokenLimits(context, maxStepTokens),
      options.recording,
    );
    const timed = options.profile && gpu.features.timestamps;
    this.#profiler = timed ? new Profiler(device, this.#lists.largestDispatchCount) : undefined;
    const { cache, rotations, activations, partials } = this.model;
    this.#buffers = [
      this.#stepBuffer,
      context.unused,
      rotations,
      partials,
      ...cacheBuffers(cache),
      ...Object.values(activations),
    ];
  }

  /** Bytes of everything but weights and KV cache. */
  get scratchBytes(): number {
    return this.#buffers.reduce((sum, { size }) => sum + size, 0) - this.model.kvPlan.sizeBytes;
  }

  get capabilities(): RunnerCapabilities {
    return { prefixReuse: true, stepsInFlight: this.#pace.stepsInFlight };
  }

  /** Compiles all kernels side by side. Steps may run without, but the first ones then wait for the compiler. */
  compile(): Promise<void> {
    return this.#kernels.compile();
  }

  async execute(plan: StepPlan): Promise<StepResult> {
    this.#watch.check();
    const startedMs = performance.now();
    const shape = this.#writer.write(plan);
    const { words, used } = this.#writer.metadata;
    this.#device.queue.writeBuffer(this.#stepBuffer, 0, words, 0, used);
    const encoder = this.#device.createCommandEncoder({ label: "step" });
    const readKernels = this.#encode(encoder, plan, shape);
    const attention = summarize(this.#writer.launches, this.model.attention);
    const resultBytes = 8 * shape.sampleCount;
    const staging =
      resultBytes > 0 ? this.#staging.copy(encoder, this.model.activations.results, resultBytes) : undefined;
    const commands = encoder.finish();
    const submittedMs = performance.now();
    this.#device.queue.submit([commands]);
    const done = this.#watch.guard(this.#device.queue.onSubmittedWorkDone()).then(() => performance.now());
    const sampled = staging
      ? this.#watch.guard(
          this.#staging.read(staging, resultBytes, (words) => sampledTokens(plan.sequences, words)),
        )
      : plan.sequences.map(() => []);
    const kernels = readKernels && this.#watch.guard(readKernels());
    const [result, doneMs, times] = await Promise.all([sampled, done, kernels]);
    const readMs = performance.now();
    const timings = {
      encodeMs: submittedMs - startedMs,
      runMs: readMs - submittedMs,
      ...this.#pace.add({ submittedMs, doneMs, readMs }),
    };
    return { sampled: result, timings: times ? { ...timings, kernels: times } : timings, attention };
  }

  stats(): { readonly recording: RecordingStats; readonly attention: AttentionStats } {
    const { attention } = this.model;
    const latestStep = summarize(this.#writer.launches, attention);
    return { recording: this.#lists.stats, attention: { ...attention, latestStep } };
  }

  /** Steps in flight reject. */
  dispose(): void {
    this.#watch.close(new DeviceError("The model was disposed of while a step was running: load it again."));
    this.#staging.dispose();
    this.#profiler?.dispose();
    for (const buffer of this.#buffers) buffer.destroy();
  }

  /** Encodes a step's dispatches; where they are timed, what it returns reads the times. */
  #encode(
    encoder: GPUCommandEncoder,
    plan: StepPlan,
    shape: StepShape,
  ): (() => Promise<KernelTiming[]>) | undefined {
    const list = this.#lists.choose(plan, shape);
    if (this.#profiler) return this.#profiler.encode(encoder, list, shape, this.#stepGroup);
    const pass = encoder.beginComputePass({ label: "step" });
    pass.setBindGroup(0, this.#stepGroup);
    list.encode(pass, shape);
    pass.end();
    return undefined;
  }
}

/** The results buffer's (token, bits of its log-probability), by sequence. */
function sampledTokens(sequences: readonly SequenceStep[], words: Uint32Array): SampledToken[][] {
  const logprobs = new Float32Array(words.buffer, words.byteOffset, words.length);
  let row = 0;
  return sequences.map(({ sampleCount }) =>
    Array.from({ length: sampleCount }, () => {
      const at = 2 * row++;
      return { id: words[at]!, logprob: logprobs[at + 1]! };
    }),
  );
}

function kernelContext({ device, features, adapter }: Gpu, kernels: KernelCache): KernelContext {
  const unused = upload(device, "unused", new Float32Array(4));
  return { kernels, features, software: adapter.software, unused };
}

/** A list of launches for each form of the matrix products, which few rows have for themselves. */
function tokenLimits(context: KernelContext, maxStepTokens: number): number[] {
  return [...rowLimits(context).filter((limit) => limit < maxStepTokens), maxStepTokens];
}

/** The largest step a runner must have room for. */
function activationSizes({
  maxSequences,
  maxStepTokens,
}: Pick<GpuRunnerOptions, "maxSequences" | "maxStepTokens">): ActivationSizes {
  return {
    tokenCount: maxStepTokens,
    sampleCount: Math.min(maxStepTokens, maxSequences * MAX_DECODE_TOKENS),
    slotCount: maxSequences,
  };
}

/** Bytes of each buffer that a runner's steps compute in, as far as untuned attention tells. */
export function scratchSizes(
  { device, features, adapter }: Gpu,
  options: Pick<GpuRunnerOptions, "config" | "kvPlan" | "maxSequences" | "maxStepTokens" | "attention">,
): Record<string, number> {
  const { config, kvPlan, maxSequences } = options;
  const traits = { kernels: { limits: device.limits }, features, software: adapter.software };
  const form = attentionForm(config, kvPlan);
  const limits = { maxSequences, contextLen: kvPlan.contextLen };
  const { scratchRows } = attentionSetup(traits, form, options.attention ?? {}, limits);
  return { ...activationBytes(config, activationSizes(options)), partials: partialBytes(form, scratchRows) };
}

/** Words the largest step's metadata takes. */
function metadataWords(limits: RunnerLimits, attention: AttentionSetup): number {
  const { maxSequences, maxStepTokens, contextLen, blockSize } = limits;
  const sampleCount = Math.min(maxStepTokens, maxSequences * MAX_DECODE_TOKENS);
  const blocksPerSequence = Math.ceil(contextLen / blockSize) + 1;
  const sequenceWords = 2 + blocksPerSequence + 2 * contextLen;
  const words =
    HEADER_WORDS +
    3 * maxStepTokens +
    maxSequences * sequenceWords +
    1 +
    sampleCount * SAMPLE_WORDS +
    attentionWords(attention, maxStepTokens, maxSequences);
  return Math.ceil(words / 64) * 64;
}

function upload(device: GPUDevice, label: string, data: Float32Array<ArrayBuffer>): GPUBuffer {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer({ label, size: data.byteLength, usage });
  device.queue.writeBuffer(buffer, 0, data);
  return buffer;
}

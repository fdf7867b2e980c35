import type { Gpu } from "../../../src/gpu/device.ts";
import { FORMAT_BYTES, type WeightFormat } from "../../../src/kernels/matrix.ts";
import { type LlamaConfig, parseLlamaConfig } from "../../../src/model/config.ts";
import { GpuRunner, type GpuRunnerOptions } from "../../../src/model/gpu-runner.ts";
import { type KvType, planKvCache } from "../../../src/model/kv-cache.ts";
import { requiredTensors } from "../../../src/model/tensors.ts";
import { WeightStore } from "../../../src/model/weights.ts";
import type { TensorInfo, TensorType } from "../../../src/store/model-folder.ts";
import { encodeWeights } from "../../reference/linear.ts";
import { Random } from "../../support/random.ts";
import { type ShapeName, shapes } from "./shapes.ts";

export interface RandomRunnerOptions extends Pick<GpuRunnerOptions, "recording" | "profile"> {
  readonly format?: WeightFormat;
  readonly kvType?: KvType;
  readonly contextLen?: number;
  readonly maxSequences?: number;
  readonly maxStepTokens?: number;
  readonly kvBudgetBytes?: number;
}

/** A model of a published shape whose weights mean nothing: no file is needed to measure what it costs. */
export interface RandomModel {
  readonly config: LlamaConfig;
  readonly runner: GpuRunner;
  readonly weights: WeightStore;
  dispose(): void;
}

/** Allocates the model on the GPU, fills it with random weights and compiles its kernels. */
export async function randomRunner(
  gpu: Gpu,
  shape: ShapeName,
  options: RandomRunnerOptions = {},
): Promise<RandomModel> {
  const { format = "f16", kvType = "f16", maxSequences = 16, maxStepTokens = 512 } = options;
  const config = parseLlamaConfig(shapes[shape]);
  const weights = await randomWeights(gpu, config, format);
  const kvPlan = planKvCache(config, {
    kvType,
    maxSequences,
    contextLen: options.contextLen,
    budgetBytes: options.kvBudgetBytes,
    maxBindingBytes: gpu.device.limits.maxStorageBufferBindingSize,
  });
  const { recording, profile } = options;
  const runner = new GpuRunner({
    gpu,
    config,
    weights: weights.weights,
    kvPlan,
    maxSequences,
    maxStepTokens,
    recording,
    profile,
  });
  await runner.compile();
  return {
    config,
    runner,
    weights,
    dispose: () => {
      runner.dispose();
      weights.dispose();
    },
  };
}

/** Numbers of a piece that is written again and again: drawing billions of them would take minutes. */
const PIECE_LENGTH = 2 ** 19;

async function randomWeights(gpu: Gpu, config: LlamaConfig, format: WeightFormat): Promise<WeightStore> {
  const { device } = gpu;
  const elementBytes = FORMAT_BYTES[format];
  const tensors = requiredTensors(config).map(({ name, shape }): [string, TensorInfo] => {
    const end = shape.reduce((product, size) => product * size, elementBytes);
    return [name, { name, type: format.toUpperCase() as TensorType, shape, file: "", start: 0, end }];
  });
  const store = new WeightStore(device, config, new Map(tensors));
  // Small enough that no activation grows from layer to layer.
  const { words } = encodeWeights(new Random(1).normals(PIECE_LENGTH, config.hiddenSize ** -0.5 / 4), format);
  const piece = new Uint8Array(words.buffer as ArrayBuffer);
  for (const [, tensor] of tensors) {
    for (let offset = 0; offset < tensor.end; offset += piece.length) {
      store.write(tensor, offset, piece.subarray(0, Math.min(piece.length, tensor.end - offset)));
    }
    await device.queue.onSubmittedWorkDone();
  }
  return store;
}

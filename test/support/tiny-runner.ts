import type { Gpu } from "../../src/gpu/device.ts";
import { parseLlamaConfig } from "../../src/model/config.ts";
import { GpuRunner, type GpuRunnerOptions } from "../../src/model/gpu-runner.ts";
import { type KvType, planKvCache } from "../../src/model/kv-cache.ts";
import { WeightStore } from "../../src/model/weights.ts";
import type { TensorInfo } from "../../src/store/model-folder.ts";
import { TINY_CONFIG, tinyTensors } from "./model-files.ts";

export interface TinyRunnerOptions extends Pick<GpuRunnerOptions, "recording" | "profile" | "attention"> {
  /** Fields of `config.json` that differ from `TINY_CONFIG`. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly kvType?: KvType;
  readonly maxSequences?: number;
  readonly maxStepTokens?: number;
}

/** A runner of a small model with seeded random weights, its kernels compiled. */
export async function tinyRunner(gpu: Gpu, options: TinyRunnerOptions = {}): Promise<GpuRunner> {
  const { kvType = "f16", maxSequences = 8, maxStepTokens = 64, recording, profile, attention } = options;
  const raw = { ...TINY_CONFIG, ...options.config };
  const config = parseLlamaConfig(raw);
  const tensors = tinyTensors(raw, { format: "bf16" });
  const infos = tensors.map(({ name, shape, bytes }): [string, TensorInfo] => [
    name,
    { name, type: "BF16", shape, file: "", start: 0, end: bytes.length },
  ]);
  const store = new WeightStore(gpu.device, config, new Map(infos));
  for (const [i, [, info]] of infos.entries()) store.write(info, 0, new Uint8Array(tensors[i]!.bytes));
  const maxBindingBytes = gpu.device.limits.maxStorageBufferBindingSize;
  const request = { kvType, maxSequences, contextLen: undefined, budgetBytes: undefined, maxBindingBytes };
  const kvPlan = planKvCache(config, request);
  const runner = new GpuRunner({
    gpu,
    config,
    weights: store.weights,
    kvPlan,
    maxSequences,
    maxStepTokens,
    recording,
    profile,
    attention,
  });
  await runner.compile();
  return runner;
}

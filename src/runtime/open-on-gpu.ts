import { type Gpu, openGpu } from "../gpu/device.ts";
import type { LoadedModel } from "../protocol.ts";
import { type GpuModel, loadModel } from "./load-model.ts";
import type { OpenContext, RunningModel } from "./running-model.ts";

/** Loads a model onto a GPU device of its own. */
export async function openOnGpu(context: OpenContext): Promise<RunningModel> {
  context.signal.throwIfAborted();
  const gpu = await openGpu();
  try {
    const model = await loadModel({ ...context, gpu });
    const { generation, tokenizer, template, runner, weights } = model;
    const dispose = () => {
      weights.dispose();
      gpu.device.destroy();
    };
    return { description: descriptionOf(model, gpu), generation, tokenizer, template, runner, dispose };
  } catch (error) {
    gpu.device.destroy();
    throw error;
  }
}

function descriptionOf(model: GpuModel, { adapter }: Gpu): LoadedModel {
  const { label, config, kvPlan, weights, runner, template } = model;
  const { kvType, blockSize, blockCount, contextLen } = kvPlan;
  return {
    model: label,
    architecture: config.architecture,
    parameterCount: weights.parameterCount,
    contextLen,
    vocabSize: config.vocabSize,
    chat: template !== undefined,
    adapter,
    memory: {
      weightBytes: weights.sizeBytes,
      kvBytes: kvPlan.sizeBytes,
      scratchBytes: runner.scratchBytes,
      kvType,
      blockSize,
      blockCount,
    },
  };
}

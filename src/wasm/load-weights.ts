import { CapacityError } from "../errors.ts";
import type { LlamaConfig } from "../model/config.ts";
import type { ModelFolder, TensorInfo } from "../store/model-folder.ts";
import type { TransferOptions } from "../store/source.ts";
import { streamTensors } from "../store/stream-tensors.ts";
import type { Stage, WeightForm } from "./graph-builder.ts";
import { EMBEDDING, headStage, layerStages } from "./llama-graph.ts";
import { byteCount } from "./onnx-writer.ts";
import { type Ort, WASM_MEMORY_BYTES } from "./ort.ts";
import { WeightFeed } from "./weight-feed.ts";

/** Bytes of the module itself, of compiled graphs, and of what falls between allocations. */
const OVERHEAD_BYTES = 96 * 2 ** 20;

export interface WasmNeeds {
  readonly config: LlamaConfig;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly form: WeightForm;
  /** Bytes of KV cache and activations. */
  readonly stateBytes: number;
}

/** Bytes the compiled weights take. */
export function weightBytes({ config, tensors, form }: Omit<WasmNeeds, "stateBytes">): number {
  const { start, end } = tensors.get(EMBEDDING)!;
  return end - start + stageBytes(config, form).reduce((sum, bytes) => sum + bytes, 0);
}

/** Throws a CapacityError with both numbers unless the model fits into WebAssembly's memory. */
export function checkMemory({ stateBytes, ...model }: WasmNeeds): void {
  // While a stage is compiled, its weights are there three times: as handed over, as read, as packed.
  const largest = Math.max(...stageBytes(model.config, model.form));
  const neededBytes = weightBytes(model) + 2 * largest + stateBytes + OVERHEAD_BYTES;
  if (neededBytes <= WASM_MEMORY_BYTES) return;
  throw new CapacityError(
    `The model needs ${neededBytes} bytes in WebAssembly, whose memory is ${WASM_MEMORY_BYTES} bytes. Choose a ` +
      "smaller model or a shorter context, or a browser with WebGPU on a hardware adapter.",
  );
}

function stageBytes(config: LlamaConfig, form: WeightForm): number[] {
  const bytes = ({ graph }: Stage) => graph.constants.reduce((sum, constant) => sum + byteCount(constant), 0);
  return [...layerStages(config, form), headStage(config, form)].map(bytes);
}

/** Streams a model's weights into the module's memory and compiles its stages, or leaves nothing behind. */
export async function loadWeights(
  ort: Ort,
  config: LlamaConfig,
  folder: Pick<ModelFolder, "source" | "tensors">,
  form: WeightForm,
  options: TransferOptions,
): Promise<WeightFeed> {
  const feed = new WeightFeed(ort, config, folder.tensors, form);
  try {
    await streamTensors(
      folder,
      feed.names,
      (tensor, offset, bytes) => feed.write(tensor, offset, bytes),
      options,
    );
    return feed;
  } catch (error) {
    feed.dispose();
    throw error;
  }
}

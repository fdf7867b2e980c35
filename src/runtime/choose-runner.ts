import { isSoftwareAdapter } from "../gpu/device.ts";
import type { LoadOptions, RunnerChoice } from "../protocol.ts";
import { openOnGpu } from "./open-on-gpu.ts";
import { openOnWasm } from "./open-on-wasm.ts";
import type { OpenModel } from "./running-model.ts";

/** Loads a model onto what runs it best here, or onto what the caller asks for. */
export const openModel: OpenModel = async (context) => {
  const runner = await chooseRunner(context.options);
  context.signal.throwIfAborted();
  const model = await (runner.kind === "webgpu" ? openOnGpu(context) : openOnWasm(context));
  return { ...model, description: { ...model.description, runner } };
};

/**
 * WebGPU where there is a graphics card. An adapter that computes on the CPU does so far slower than
 * WebAssembly on the same cores: `npm run bench -- wasm` has the figures.
 */
export async function chooseRunner(
  { runner }: Pick<LoadOptions, "runner">,
  gpu: GPU | undefined = globalThis.navigator?.gpu,
): Promise<RunnerChoice> {
  if (runner !== undefined) return { kind: runner, reason: "it was asked for" };
  if (!gpu) return { kind: "wasm", reason: "this browser has no WebGPU" };
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) return { kind: "wasm", reason: "WebGPU found no graphics adapter" };
  if (isSoftwareAdapter(adapter)) return { kind: "wasm", reason: "WebGPU has only a software adapter here" };
  return { kind: "webgpu", reason: "there is a graphics adapter" };
}

import { create, globals } from "webgpu";
import { type Gpu, type OpenGpuOptions, openGpu } from "../../../src/gpu/device.ts";
import type { Report } from "./report.ts";

/** Kept, because a Dawn that is collected answers no more: what waits for it waits for ever. */
let dawn: GPU | undefined;

/**
 * Opens Node's own WebGPU (Dawn) and names its adapter in the report. Which driver that is, is for the Vulkan
 * loader to find; VK_ICD_FILENAMES chooses another.
 */
export async function openDawn(report: Pick<Report, "adapter">, options: OpenGpuOptions = {}): Promise<Gpu> {
  Object.assign(globalThis, globals);
  // Whole microseconds: quantised to 65 of them, most kernels would take none.
  dawn ??= create(["disable-dawn-features=timestamp_quantization"]);
  const gpu = await openGpu({ gpu: dawn, ...options });
  const { vendor, architecture, description, software } = gpu.adapter;
  const kind = software ? "software, on the CPU" : "hardware";
  report.adapter(`${description || `${vendor} ${architecture}`} (${kind}; Dawn in Node ${process.version})`);
  return gpu;
}

// Runs in a browser's worker: see src/model/gpu-runner.ts for what is timed.
import { openGpu } from "../../../src/gpu/device.ts";
import { type EncodeOptions, type EncodeTime, encodeTimes } from "./encode-times.ts";

export interface WorkerEncodeTimes {
  readonly adapter: string;
  readonly times: readonly EncodeTime[];
}

addEventListener("message", async ({ data }: MessageEvent<EncodeOptions>) => {
  try {
    const gpu = await openGpu();
    const { description, vendor, architecture, software } = gpu.adapter;
    const adapter = `${description || `${vendor} ${architecture}`} (${software ? "software, on the CPU" : "hardware"})`;
    const times = await encodeTimes(gpu, data);
    postMessage({ adapter, times } satisfies WorkerEncodeTimes);
  } catch (error) {
    postMessage({ error: String(error) });
  }
});

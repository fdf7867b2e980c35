// Runs in a browser's worker, on the browser's adapter.
import { openGpu } from "../../../src/gpu/device.ts";
import { type Concurrency, type ConcurrencyOptions, measureConcurrency } from "./concurrency-sides.ts";

export interface WorkerConcurrency {
  readonly adapter: string;
  readonly results: readonly Concurrency[];
}

addEventListener("message", async ({ data }: MessageEvent<ConcurrencyOptions>) => {
  try {
    const gpu = await openGpu();
    const { description, vendor, architecture, software } = gpu.adapter;
    const kind = software ? "software, on the CPU" : "hardware";
    const results = await measureConcurrency(gpu, data);
    postMessage({
      adapter: `${description || `${vendor} ${architecture}`} (${kind}; Chromium)`,
      results,
    } satisfies WorkerConcurrency);
  } catch (error) {
    postMessage({ error: String(error) });
  }
});

import type { Gpu } from "../gpu/device.ts";
import { KernelCache } from "../gpu/kernel.ts";
import type { AttentionForm } from "../kernels/attention.ts";
import type { AttentionTuning } from "../kernels/attention-plan.ts";
import { storedTuning, type TuningStore, tuneAttention, tuningKey } from "../kernels/attention-tuner.ts";
import type { AttentionTuningChoice } from "../protocol.ts";

/** What a first load may take longer for its tuning. */
const FIRST_LOAD_MS = 1000;
/** What a tuning that was asked for may take. */
const ON_DEMAND_MS = 5000;

/**
 * The tuning of attention for a device: what an earlier load found, or what is measured now and kept. `undefined`
 * stands for the default: where nothing could be kept, and on a CPU in disguise, which compiles for longer than a
 * tuning could ever save.
 */
export async function attentionTuning(
  gpu: Gpu,
  form: AttentionForm,
  choice: AttentionTuningChoice,
  store: TuningStore | undefined = browserStore(),
): Promise<AttentionTuning | undefined> {
  const key = tuningKey(gpu.adapter, form);
  if (choice === "default") {
    await store?.remove(key);
    return undefined;
  }
  if (choice === "stored") {
    if (!store || gpu.adapter.software) return undefined;
    const stored = await storedTuning(store, key);
    if (stored) return stored;
  }
  const tuning = await measure(gpu, form, choice === "measured" ? ON_DEMAND_MS : FIRST_LOAD_MS);
  await store?.write(key, JSON.stringify(tuning));
  return tuning;
}

async function measure({ device, features, adapter }: Gpu, form: AttentionForm, budgetMs: number) {
  const unused = device.createBuffer({ label: "unused", size: 16, usage: GPUBufferUsage.STORAGE });
  const context = { kernels: new KernelCache(device), features, software: adapter.software, unused };
  try {
    return await tuneAttention(device, context, form, budgetMs);
  } finally {
    unused.destroy();
  }
}

const CACHE = "quire-tuning";

/** The browser's cache of answers, which workers have too; `undefined` where it is missing or denied. */
function browserStore(): TuningStore | undefined {
  if (!globalThis.caches) return undefined;
  // An address that is never asked for; the cache takes no other keys.
  const address = (key: string) => `https://tuning.invalid/${encodeURIComponent(key)}`;
  const quietly = async <T>(work: (cache: Cache) => Promise<T>): Promise<T | undefined> => {
    try {
      return await work(await caches.open(CACHE));
    } catch {
      return undefined; // a browser may deny it at any time; the next load then measures again
    }
  };
  return {
    read: (key) => quietly(async (cache) => (await cache.match(address(key)))?.text()),
    write: async (key, text) => void (await quietly((cache) => cache.put(address(key), new Response(text)))),
    remove: async (key) => void (await quietly((cache) => cache.delete(address(key)))),
  };
}

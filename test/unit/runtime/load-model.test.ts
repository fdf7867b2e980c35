import { afterEach, expect, test, vi } from "vitest";
import { CapacityError } from "../../../src/errors.ts";
import type { Gpu } from "../../../src/gpu/device.ts";
import type { LoadOptions } from "../../../src/protocol.ts";
import { loadModel } from "../../../src/runtime/load-model.ts";
import type { FileSource } from "../../../src/store/source.ts";
import { memorySource } from "../../support/memory-source.ts";
import { tinyModelFiles } from "../../support/model-files.ts";

const LIMITS = {
  maxBufferSize: 2 ** 28,
  maxStorageBufferBindingSize: 2 ** 27,
  maxComputeWorkgroupStorageSize: 2 ** 15,
};

afterEach(() => vi.unstubAllGlobals());

/** Loads a tiny model on a device that says what it can and does nothing: whatever is made on it fails. */
async function refusal(options: Partial<LoadOptions>): Promise<{ error: unknown; lastByte: number }> {
  const source = memorySource(tinyModelFiles());
  let lastByte = 0;
  const open: FileSource["open"] = (path, opening) => {
    if (path === "model.safetensors") lastByte = Math.max(lastByte, opening?.range?.end ?? Infinity);
    return source.open(path, opening);
  };
  const features = { subgroups: false };
  const gpu = { device: { limits: LIMITS }, features, adapter: { software: false } } as unknown as Gpu;
  const loading = loadModel({
    gpu,
    source: { label: source.label, open },
    options,
    onProgress: () => {},
    signal: new AbortController().signal,
  });
  return { error: await loading.catch((reason: unknown) => reason), lastByte };
}

test.each<[string, Partial<LoadOptions>, object, RegExp]>([
  [
    "a buffer too large to bind",
    { maxSequences: 200_000 },
    {},
    /needs a buffer of \d+ bytes \(\w+\) and the device's largest is 134217728/,
  ],
  [
    "more than the machine's memory",
    {},
    { deviceMemory: 2 ** -14 },
    /needs \d+ bytes of memory .* has at most 98304/,
  ],
  [
    "a context past its budget",
    { contextLen: 256, kvBudgetBytes: 1000 },
    {},
    /context of 256 tokens needs 32768 bytes of KV cache, and 0 fit/,
  ],
])(
  "%s is refused before anything is allocated, with no more of the weights read than their header",
  async (_, options, navigator, message) => {
    vi.stubGlobal("navigator", navigator);
    const { error, lastByte } = await refusal(options);
    expect(error).toBeInstanceOf(CapacityError);
    expect((error as Error).message).toMatch(message);
    expect(lastByte).toBe(64 * 1024);
  },
);

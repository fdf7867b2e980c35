// Both files are served as they stand: the script starts itself again in each of its threads.
import scriptUrl from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url&no-inline";
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url&no-inline";
import { DeviceError } from "../errors.ts";
import { Ort } from "./ort.ts";
import type { OrtFactory } from "./ort-module.ts";

/** More threads than this gain nothing for one row at a time, and take the browser's own cores away. */
const MAX_THREADS = 8;

let opened: Promise<Ort> | undefined;

/**
 * The module, fetched and started when first asked for, then shared by all models of this worker; only the first
 * to ask has a say in its threads.
 */
export function openOrt(threadCount?: number): Promise<Ort> {
  opened ??= start(threadsHere(threadCount)).catch((error) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

/**
 * Threads share memory, which a page may have only where it is isolated from other origins. They wait for each
 * other many times a token, so one that must share its core holds all of them up: half the cores are left alone.
 */
function threadsHere(wanted: number | undefined): number {
  if (!globalThis.crossOriginIsolated) return 1;
  return wanted ?? Math.min(MAX_THREADS, Math.ceil(navigator.hardwareConcurrency / 2));
}

async function start(threadCount: number): Promise<Ort> {
  const script: { readonly default: OrtFactory } = await import(/* @vite-ignore */ scriptUrl).catch(
    (error) => {
      throw new DeviceError(
        `onnxruntime's script could not be loaded: ${(error as Error).message}. Check that the page's server ` +
          "offers every file of the build.",
      );
    },
  );
  const factory: OrtFactory = (options) => script.default({ ...options, locateFile: () => wasmUrl });
  return Ort.open(factory, threadCount);
}

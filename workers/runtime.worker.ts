import { expose, type Remote, releaseProxy } from "comlink";
import type { LoadOptions, LoadProgress } from "../src/protocol.ts";
import { openModel } from "../src/runtime/choose-runner.ts";
import { Runtime } from "../src/runtime/runtime.ts";

/** A runtime that lets go of the page's callbacks: each holds a message port open until it is released. */
class WorkerRuntime extends Runtime {
  override async load(options: LoadOptions, onProgress: Remote<(progress: LoadProgress) => void>) {
    try {
      return await super.load(options, (progress) => void onProgress(progress));
    } finally {
      onProgress[releaseProxy]();
    }
  }
}

expose(new WorkerRuntime(undefined, openModel));

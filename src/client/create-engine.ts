import { type CreateEngineOptions, EngineClient } from "./engine-client.ts";

/**
 * Starts a worker, loads a model in it and resolves when the model can answer.
 *
 * @throws ModelError when the model's files are broken or of a kind Quire cannot run.
 * @throws CapacityError when the model does not fit this device; nothing was downloaded then.
 * @throws DeviceError when there is no usable GPU.
 * @throws WorkerError when the worker could not start.
 */
export async function createEngine(options: CreateEngineOptions): Promise<EngineClient> {
  const engine = new EngineClient(options.worker ?? startWorker());
  try {
    await engine.load(options);
    return engine;
  } catch (error) {
    engine.dispose();
    throw error;
  }
}

function startWorker(): Worker {
  return new Worker(new URL("../../workers/runtime.worker.ts", import.meta.url), {
    type: "module",
    name: "quire",
  });
}

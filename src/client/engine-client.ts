import { type Remote, releaseProxy, wrap } from "comlink";
import { abortReason, reviveError, WorkerError } from "../errors.ts";
import type {
  EngineStats,
  LoadedModel,
  LoadOptions,
  LoadProgress,
  Prompt,
  RequestOptions,
  RuntimeApi,
  StreamEvent,
} from "../protocol.ts";
import { callback } from "./callback.ts";
import { Generation } from "./generation.ts";

export interface CreateEngineOptions extends Partial<Omit<LoadOptions, "model">> {
  /** A model folder's address (absolute or relative to the page), or a hub repository `owner/name[@revision]`. */
  readonly model: string;
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Aborts the loading. */
  readonly signal?: AbortSignal;
  /** The worker to run in, for pages that must serve its file themselves. */
  readonly worker?: Worker;
}

export interface GenerateOptions extends RequestOptions {
  /** Aborts this request; the iteration and `result` then reject with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The page's side of a model that runs in a worker. Made by `createEngine`. */
export class EngineClient {
  readonly #worker: Worker;
  readonly #remote: Remote<RuntimeApi>;
  readonly #streams = new Map<number, Generation>();
  /** Rejects when the worker dies; every call to it races against this. */
  readonly #death: Promise<never>;
  #die!: (reason: WorkerError) => void;
  #deathReason: WorkerError | undefined;
  #nextId = 0;
  #model: LoadedModel | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    this.#remote = wrap<RuntimeApi>(worker);
    this.#death = new Promise((_, reject) => {
      this.#die = reject;
    });
    this.#death.catch(() => {});
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#end(
        new WorkerError(
          `The worker that runs the model died: ${event.message || "its script did not load"}.`,
        ),
      );
    });
    worker.addEventListener("messageerror", () => {
      this.#end(new WorkerError("The worker that runs the model sent a message that cannot be read."));
    });
  }

  /** What was loaded: the model, its adapter, its memory plan. */
  get model(): LoadedModel {
    if (!this.#model) throw new WorkerError("The model is not loaded.");
    return this.#model;
  }

  /** @internal */
  async load(options: CreateEngineOptions): Promise<void> {
    const { onProgress, signal, worker: _, ...rest } = options;
    signal?.throwIfAborted();
    const abort = () => void this.#remote.cancelLoad();
    signal?.addEventListener("abort", abort);
    const progress = callback((event: LoadProgress) => onProgress?.(event));
    try {
      await this.#call(
        this.#remote.listen(callback((events: readonly StreamEvent[]) => this.#receive(events)).proxy),
      );
      this.#model = await this.#call(this.#remote.load({ baseUrl: location.href, ...rest }, progress.proxy));
    } catch (error) {
      throw signal?.aborted ? abortReason(signal) : reviveError(error);
    } finally {
      signal?.removeEventListener("abort", abort);
      progress.release();
    }
  }

  /** Starts a request. A string is continued as it is; messages go through the model's chat template. */
  generate(prompt: Prompt, { signal, ...options }: GenerateOptions = {}): Generation {
    const id = this.#nextId++;
    const generation = new Generation(() => this.#cancel(id));
    const abort = () => {
      this.#cancel(id);
      generation.fail(abortReason(signal!));
    };
    if (this.#deathReason) generation.fail(this.#deathReason);
    else if (signal?.aborted) generation.fail(abortReason(signal));
    else {
      this.#streams.set(id, generation);
      signal?.addEventListener("abort", abort);
      const forget = () => signal?.removeEventListener("abort", abort);
      generation.result.then(forget, forget);
      this.#call(this.#remote.start(id, prompt, options)).catch((error) =>
        this.#fail(id, reviveError(error)),
      );
    }
    return generation;
  }

  /** A snapshot of what the engine is doing: running and waiting requests, memory, latencies, launches. */
  async stats(): Promise<EngineStats> {
    return this.#call(this.#remote.stats());
  }

  /** Ends the worker and frees the model's memory; pending requests reject with a WorkerError. */
  dispose(): void {
    if (this.#deathReason) return;
    this.#end(new WorkerError("The engine was disposed of."));
  }

  #call<T>(answer: Promise<T>): Promise<T> {
    return Promise.race([answer, this.#death]);
  }

  #receive(events: readonly StreamEvent[]): void {
    for (const event of events) {
      const stream = this.#streams.get(event.id);
      if (event.type === "text") stream?.push(event);
      else if (event.type === "error") this.#fail(event.id, reviveError(event.error));
      else {
        this.#streams.delete(event.id);
        stream?.end(event.result);
      }
    }
  }

  #cancel(id: number): void {
    if (this.#streams.delete(id)) void this.#remote.cancel(id);
  }

  #fail(id: number, reason: unknown): void {
    this.#streams.get(id)?.fail(reason);
    this.#streams.delete(id);
  }

  #end(reason: WorkerError): void {
    this.#deathReason ??= reason;
    this.#remote[releaseProxy]();
    this.#worker.terminate();
    this.#die(reason);
    for (const id of [...this.#streams.keys()]) this.#fail(id, reason);
  }
}

import { proxy } from "comlink";
import { abortReason, InputError, reviveError, WorkerError } from "../errors.ts";
import type {
  EngineStats,
  LoadedModel,
  LoadOptions,
  LoadProgress,
  Prompt,
  RequestOptions,
  StreamEvent,
} from "../protocol.ts";
import { Generation } from "./generation.ts";
import { WorkerLink } from "./worker-link.ts";

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
  readonly #link: WorkerLink;
  readonly #streams = new Map<number, Generation>();
  #nextId = 0;
  #model: LoadedModel | undefined;

  /** @internal */
  constructor(worker: Worker) {
    this.#link = new WorkerLink(worker, (reason) => {
      for (const id of [...this.#streams.keys()]) this.#fail(id, reason);
    });
  }

  /** What was loaded: the model, its adapter, its memory plan. */
  get model(): LoadedModel {
    if (!this.#model) throw new WorkerError("The model is not loaded.");
    return this.#model;
  }

  /** @internal */
  async load(options: CreateEngineOptions): Promise<void> {
    const { onProgress = () => {}, signal, worker: _, ...rest } = options;
    const abort = () => this.#link.tell((remote) => remote.cancelLoad());
    try {
      signal?.throwIfAborted();
      const onEvents = proxy((events: readonly StreamEvent[]) => this.#receive(events));
      await this.#link.call((remote) => remote.listen(onEvents));
      signal?.throwIfAborted();
      signal?.addEventListener("abort", abort);
      // In a task of its own: what the caller's function throws is for the page to hear of, not for the worker.
      const progress = proxy((event: LoadProgress) => queueMicrotask(() => onProgress(event)));
      this.#model = await this.#link.call((remote) =>
        remote.load({ baseUrl: location.href, ...rest }, progress),
      );
    } catch (error) {
      throw signal?.aborted ? abortReason(signal) : error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Starts a request. A string is continued as it is; messages go through the model's chat template. */
  generate(prompt: Prompt, options: GenerateOptions = {}): Generation {
    return this.sample(prompt, 1, options)[0]!;
  }

  /**
   * Starts `count` independent answers to one prompt, which is read once: they share its memory and its cache.
   * With a `seed` the answers draw with that seed, the next one, and so on.
   */
  sample(prompt: Prompt, count: number, { signal, ...options }: GenerateOptions = {}): Generation[] {
    if (!Number.isInteger(count) || count < 1) {
      throw new InputError(`count is ${count}: expected a positive integer.`);
    }
    const firstId = this.#nextId;
    this.#nextId += count;
    const ids = Array.from({ length: count }, (_, i) => firstId + i);
    const generations = ids.map((id) => this.#open(id, signal));
    if (!ids.some((id) => this.#streams.has(id))) return generations;
    this.#link
      .call((remote) => remote.start(firstId, prompt, options, count))
      .catch((error) => {
        for (const id of ids) this.#fail(id, error);
      });
    return generations;
  }

  /** A snapshot of what the engine is doing: running and waiting requests, memory, latencies, launches. */
  async stats(): Promise<EngineStats> {
    return this.#link.call((remote) => remote.stats());
  }

  /** Ends the worker and frees the model's memory; pending requests reject with a WorkerError. */
  dispose(): void {
    this.#link.end(new WorkerError("The engine was disposed of."));
  }

  /** A stream that `signal` aborts; one that has failed already where there is nothing to start. */
  #open(id: number, signal: AbortSignal | undefined): Generation {
    const generation = new Generation(() => this.#cancel(id));
    const { endReason } = this.#link;
    if (endReason) generation.fail(endReason);
    else if (signal?.aborted) generation.fail(abortReason(signal));
    else {
      this.#streams.set(id, generation);
      if (signal) this.#abortWith(signal, id, generation);
    }
    return generation;
  }

  #abortWith(signal: AbortSignal, id: number, generation: Generation): void {
    const abort = () => {
      this.#cancel(id);
      generation.fail(abortReason(signal));
    };
    signal.addEventListener("abort", abort);
    const forget = () => signal.removeEventListener("abort", abort);
    generation.result.then(forget, forget);
  }

  #receive(events: readonly StreamEvent[]): void {
    for (const event of events) {
      const stream = this.#streams.get(event.id);
      if (event.type === "text") {
        const { id: _, type: __, ...chunk } = event;
        stream?.push(chunk);
      } else if (event.type === "error") this.#fail(event.id, reviveError(event.error));
      else {
        this.#streams.delete(event.id);
        stream?.end(event.result);
      }
    }
  }

  #cancel(id: number): void {
    if (this.#streams.delete(id)) this.#link.tell((remote) => remote.cancel(id));
  }

  #fail(id: number, reason: unknown): void {
    this.#streams.get(id)?.fail(reason);
    this.#streams.delete(id);
  }
}

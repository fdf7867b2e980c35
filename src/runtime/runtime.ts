import { Engine } from "../engine/engine.ts";
import { abortReason, InputError } from "../errors.ts";
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
import { resolveSource } from "../store/model-address.ts";
import type { FileSource } from "../store/source.ts";
import { StreamingDetokenizer } from "../text/detokenizer.ts";
import { checkMessages } from "../text/message.ts";
import { StopMatcher } from "../text/stop-matcher.ts";
import { checkLoadOptions, checkRequestOptions } from "./check-options.ts";
import { openOnGpu } from "./open-on-gpu.ts";
import { Outbox } from "./outbox.ts";
import type { OpenModel, RunningModel } from "./running-model.ts";
import { samplingOf } from "./sampling.ts";
import { TextStream } from "./text-stream.ts";

type OpenSource = (options: LoadOptions) => FileSource;

const fromWeb: OpenSource = ({ model, baseUrl }) => resolveSource(model, { baseUrl });

/** A model, its engine and its text, behind the functions the worker exposes. */
export class Runtime implements RuntimeApi {
  readonly #outbox = new Outbox();
  /** Engine ids of the page's streams. */
  readonly #requests = new Map<number, number>();
  readonly #openSource: OpenSource;
  readonly #openModel: OpenModel;
  #loading: AbortController | undefined;
  #loaded: { readonly engine: Engine; readonly model: RunningModel } | undefined;

  /** `openSource` says where a model's files come from, the web by default, and `openModel` what runs it. */
  constructor(openSource: OpenSource = fromWeb, openModel: OpenModel = openOnGpu) {
    this.#openSource = openSource;
    this.#openModel = openModel;
  }

  async load(options: LoadOptions, onProgress: (progress: LoadProgress) => void): Promise<LoadedModel> {
    if (this.#loading) throw new InputError("A model is being loaded: await it, or cancel it, first.");
    if (this.#loaded) throw new InputError("A model is loaded already: dispose of it first.");
    checkLoadOptions(options);
    const loading = new AbortController();
    const { signal } = loading;
    this.#loading = loading;
    try {
      const model = await this.#openModel({ source: this.#openSource(options), options, onProgress, signal });
      const engine = new Engine(model.runner);
      this.#loaded = { engine, model };
      if (!signal.aborted) return model.description;
      this.#unload();
      throw abortReason(signal);
    } finally {
      this.#loading = undefined;
    }
  }

  cancelLoad(): void {
    this.#loading?.abort();
  }

  listen(onEvents: (events: readonly StreamEvent[]) => void): void {
    this.#outbox.listen(onEvents);
  }

  start(firstId: number, prompt: Prompt, options: RequestOptions, count = 1): void {
    const { model } = this.#ready();
    checkRequestOptions(options);
    const promptIds = encodePrompt(model, prompt, options);
    for (let i = 0; i < count; i++) this.#startOne(firstId + i, promptIds, nthSample(options, i));
  }

  cancel(id: number): void {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    if (request !== undefined) this.#loaded?.engine.cancel(request);
  }

  stats(): EngineStats {
    const { engine, model } = this.#ready();
    const { memory, adapter, runner } = model.description;
    return { ...engine.stats(), ...model.runner.stats?.(), memory, adapter, ...(runner ? { runner } : {}) };
  }

  /** Ends every stream with a WorkerError and frees the model; another may be loaded then. */
  dispose(): void {
    this.cancelLoad();
    this.#unload();
  }

  #startOne(id: number, promptIds: readonly number[], options: RequestOptions): void {
    const { engine, model } = this.#ready();
    const { stop = [], stopTokenIds = [], maxTokens, priority, cacheSalt, speculate, logprobs } = options;
    const { tokenizer, generation } = model;
    const stream = new TextStream({
      id,
      detokenizer: new StreamingDetokenizer(tokenizer),
      stops: new StopMatcher(typeof stop === "string" ? [stop] : stop),
      logprobs: logprobs ?? false,
      emit: (event) => {
        if (event.type !== "text") this.#requests.delete(id);
        this.#outbox.add(event);
      },
    });
    const request = engine.add({
      promptIds,
      sampling: samplingOf(options, generation),
      stopIds: [...generation.eosTokenIds, ...stopTokenIds],
      ...(maxTokens === undefined ? {} : { maxTokens }),
      priority: priority ?? 0,
      salt: cacheSalt ?? "",
      speculate: speculate ?? true,
      sink: stream,
    });
    this.#requests.set(id, request);
  }

  #unload(): void {
    this.#loaded?.engine.dispose();
    this.#loaded?.model.dispose();
    this.#loaded = undefined;
  }

  #ready(): { readonly engine: Engine; readonly model: RunningModel } {
    if (!this.#loaded) throw new InputError("No model is loaded: await load() first.");
    return this.#loaded;
  }
}

/** Each of several answers to one prompt draws with a seed of its own. */
function nthSample(options: RequestOptions, n: number): RequestOptions {
  const { seed } = options;
  return n === 0 || typeof seed !== "number" ? options : { ...options, seed: (seed + n) % 2 ** 32 };
}

function encodePrompt(
  { tokenizer, template }: RunningModel,
  prompt: Prompt,
  { tools }: RequestOptions,
): number[] {
  if (typeof prompt === "string") return tokenizer.encodePrompt(prompt);
  const messages = checkMessages(prompt);
  if (!template) {
    throw new InputError("This model has no chat template: give the prompt as one string, not as messages.");
  }
  return tokenizer.encodeTemplated(
    template.render(messages, { addGenerationPrompt: true, ...(tools ? { tools } : {}) }),
  );
}

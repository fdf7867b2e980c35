import { Engine } from "../engine/engine.ts";
import { InputError } from "../errors.ts";
import { type Gpu, openGpu } from "../gpu/device.ts";
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
import { loadModel, type RunningModel } from "./load-model.ts";
import { Outbox } from "./outbox.ts";
import { samplingOf } from "./sampling.ts";
import { TextStream } from "./text-stream.ts";

/** A model, its engine and its text, behind the functions the worker exposes. */
export class Runtime implements RuntimeApi {
  readonly #outbox = new Outbox();
  /** Engine ids of the page's streams. */
  readonly #requests = new Map<number, number>();
  readonly #openSource: (options: LoadOptions) => FileSource;
  #loading = new AbortController();
  #gpu: Gpu | undefined;
  #model: RunningModel | undefined;
  #engine: Engine | undefined;

  /** `openSource` says where a model's files come from; the web by default. */
  constructor(
    openSource: (options: LoadOptions) => FileSource = ({ model, baseUrl }) =>
      resolveSource(model, { baseUrl }),
  ) {
    this.#openSource = openSource;
  }

  async load(options: LoadOptions, onProgress: (progress: LoadProgress) => void): Promise<LoadedModel> {
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    const source = this.#openSource(options);
    const gpu = await openGpu();
    try {
      this.#model = await loadModel({ gpu, source, options, onProgress, signal });
    } catch (error) {
      gpu.device.destroy();
      throw error;
    }
    this.#gpu = gpu;
    this.#engine = new Engine(this.#model.runner);
    return describeModel(this.#model, gpu);
  }

  cancelLoad(): void {
    this.#loading.abort();
  }

  listen(onEvents: (events: readonly StreamEvent[]) => void): void {
    this.#outbox.listen(onEvents);
  }

  start(id: number, prompt: Prompt, options: RequestOptions): void {
    const { engine, model } = this.#ready();
    const { tokenizer, generation } = model;
    const promptIds = encodePrompt(model, prompt, options);
    const stops = typeof options.stop === "string" ? [options.stop] : (options.stop ?? []);
    const stream = new TextStream(
      id,
      new StreamingDetokenizer(tokenizer),
      new StopMatcher(stops),
      (event) => {
        if (event.type !== "text") this.#requests.delete(id);
        this.#outbox.add(event);
      },
    );
    const request = engine.add({
      promptIds,
      sampling: samplingOf(options, generation),
      stopIds: [...generation.eosTokenIds, ...(options.stopTokenIds ?? [])],
      ...(options.maxTokens === undefined ? {} : { maxTokens: options.maxTokens }),
      priority: options.priority ?? 0,
      salt: options.cacheSalt ?? "",
      sink: stream,
    });
    this.#requests.set(id, request);
  }

  cancel(id: number): void {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    if (request !== undefined) this.#engine?.cancel(request);
  }

  stats(): EngineStats {
    const { engine, model } = this.#ready();
    return { ...engine.stats(), memory: memoryOf(model), adapter: this.#gpu?.adapter };
  }

  dispose(): void {
    this.#engine?.dispose();
    this.#model?.weights.dispose();
    this.#gpu?.device.destroy();
  }

  #ready(): { engine: Engine; model: RunningModel } {
    if (!this.#engine || !this.#model) throw new InputError("No model is loaded: await load() first.");
    return { engine: this.#engine, model: this.#model };
  }
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

function memoryOf({ weights, runner, kvPlan }: RunningModel): LoadedModel["memory"] {
  const { kvType, blockSize, blockCount, sizeBytes } = kvPlan;
  const { sizeBytes: weightBytes } = weights;
  return {
    weightBytes,
    kvBytes: sizeBytes,
    scratchBytes: runner.scratchBytes,
    kvType,
    blockSize,
    blockCount,
  };
}

function describeModel(model: RunningModel, { adapter }: Gpu): LoadedModel {
  const { config, kvPlan } = model;
  return {
    model: model.label,
    architecture: config.architecture,
    parameterCount: model.weights.parameterCount,
    contextLen: kvPlan.contextLen,
    vocabSize: config.vocabSize,
    chat: model.template !== undefined,
    adapter,
    memory: memoryOf(model),
  };
}

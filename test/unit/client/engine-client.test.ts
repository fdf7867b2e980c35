import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createEngine } from "../../../src/client/create-engine.ts";
import type { EngineClient } from "../../../src/client/engine-client.ts";
import { InputError, ModelError, WorkerError } from "../../../src/errors.ts";
import type {
  LoadedModel,
  LoadOptions,
  LoadProgress,
  RuntimeApi,
  StreamEvent,
} from "../../../src/protocol.ts";
import { WorkerDouble } from "../../support/worker-double.ts";

const model = { model: "test", contextLen: 64 } as LoadedModel;
const timings = { queueMs: 1, firstTokenMs: 2, totalMs: 3, interTokenP50Ms: 1, interTokenP99Ms: 1 };
const usage = { promptTokens: 1, cachedTokens: 0, outputTokens: 1 };

/** A runtime that does what a test tells it to. */
class ScriptedRuntime implements RuntimeApi {
  emit: (events: readonly StreamEvent[]) => void = () => {};
  readonly started: { firstId: number; prompt: unknown; options: unknown; count: number | undefined }[] = [];
  readonly cancelled: number[] = [];
  loadCancelled = false;
  onLoad: (options: LoadOptions, onProgress: (progress: LoadProgress) => void) => Promise<LoadedModel> =
    async () => model;
  onStart: () => void = () => {};

  load(options: LoadOptions, onProgress: (progress: LoadProgress) => void): Promise<LoadedModel> {
    return this.onLoad(options, onProgress);
  }

  cancelLoad(): void {
    this.loadCancelled = true;
  }

  listen(onEvents: (events: readonly StreamEvent[]) => void): void {
    this.emit = onEvents;
  }

  start(firstId: number, prompt: unknown, options: unknown, count?: number): void {
    this.onStart();
    this.started.push({ firstId, prompt, options, count });
  }

  cancel(id: number): void {
    this.cancelled.push(id);
  }

  stats(): never {
    throw new InputError("No model is loaded.");
  }

  dispose(): void {}
}

const text = (id: number, text: string): StreamEvent => ({ id, type: "text", text, tokenIds: [text.length] });
const end = (id: number, text: string): StreamEvent => ({
  id,
  type: "end",
  result: { text, tokenIds: [], finishReason: "stop", usage, timings },
});

async function textOf(answer: AsyncIterable<{ readonly text: string }>): Promise<string> {
  let all = "";
  for await (const { text } of answer) all += text;
  return all;
}

let runtime: ScriptedRuntime;
let double: WorkerDouble;
const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);

/** Resolves when what was posted has been handled. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

function engineOf(
  signal?: AbortSignal,
  onProgress?: (progress: LoadProgress) => void,
): Promise<EngineClient> {
  return createEngine({
    model: "test",
    worker: double.worker,
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress } : {}),
  });
}

beforeEach(() => {
  vi.stubGlobal("location", { href: "http://page.test/" });
  runtime = new ScriptedRuntime();
  double = new WorkerDouble(runtime);
  process.on("unhandledRejection", note);
});

afterEach(async () => {
  await settled();
  process.off("unhandledRejection", note);
  double.terminate();
  vi.unstubAllGlobals();
  expect(unhandled.splice(0)).toEqual([]);
});

describe("loading", () => {
  test("hands the options on, with the page's address to resolve others against", async () => {
    const options: LoadOptions[] = [];
    runtime.onLoad = async (loadOptions) => {
      options.push(loadOptions);
      return model;
    };
    const engine = await engineOf();
    expect(engine.model).toEqual(model);
    expect(options).toEqual([{ model: "test", baseUrl: "http://page.test/" }]);
  });

  test("reports progress in order", async () => {
    const seen: number[] = [];
    runtime.onLoad = async (_, onProgress) => {
      for (const loadedBytes of [1, 2, 3]) await onProgress({ phase: "weights", loadedBytes, totalBytes: 3 });
      return model;
    };
    await engineOf(undefined, ({ loadedBytes }) => seen.push(loadedBytes));
    expect(seen).toEqual([1, 2, 3]);
  });

  test("rejects with an error of the class that the worker threw, and ends the worker", async () => {
    runtime.onLoad = async () => {
      throw new ModelError("There is no config.json.");
    };
    const failure = await engineOf().catch((error) => error);
    expect(failure).toBeInstanceOf(ModelError);
    expect(failure.message).toBe("There is no config.json.");
    expect(double.terminated).toBe(true);
  });

  test("an abort cancels it in the worker and rejects with the signal's reason", async () => {
    const controller = new AbortController();
    runtime.onLoad = async () => {
      controller.abort("enough");
      while (!runtime.loadCancelled) await settled();
      throw new DOMException("aborted", "AbortError");
    };
    await expect(engineOf(controller.signal)).rejects.toBe("enough");
    expect(double.terminated).toBe(true);
  });

  test("a signal that is aborted before never reaches the worker", async () => {
    const load = vi.spyOn(runtime, "load");
    await expect(engineOf(AbortSignal.abort("no"))).rejects.toBe("no");
    expect(load).not.toHaveBeenCalled();
  });

  test("a worker that dies meanwhile rejects it with a WorkerError", async () => {
    runtime.onLoad = () => new Promise(() => {});
    const loading = engineOf();
    await settled();
    double.die("out of memory");
    await expect(loading).rejects.toThrow(WorkerError);
    await expect(loading).rejects.toThrow("out of memory");
  });
});

describe("a stream", () => {
  test("brings pieces as they come and resolves with the result", async () => {
    const engine = await engineOf();
    const answer = engine.generate("hi", { maxTokens: 4 });
    await settled();
    expect(runtime.started).toEqual([{ firstId: 0, prompt: "hi", options: { maxTokens: 4 }, count: 1 }]);
    runtime.emit([text(0, "a"), text(0, "bc")]);
    runtime.emit([end(0, "abc")]);
    expect(await textOf(answer)).toBe("abc");
    expect((await answer.result).text).toBe("abc");
    expect(runtime.cancelled).toEqual([]);
  });

  test("is kept apart from others in one message", async () => {
    const engine = await engineOf();
    const [first, second] = [engine.generate("x"), engine.generate("y")];
    await settled();
    runtime.emit([text(1, "y1"), text(0, "x1"), end(1, "y1"), text(0, "x2"), end(0, "x1x2")]);
    expect(await textOf(first)).toBe("x1x2");
    expect(await textOf(second)).toBe("y1");
  });

  test("can be iterated again, also after its end and side by side", async () => {
    const engine = await engineOf();
    const answer = engine.generate("x");
    const both = Promise.all([textOf(answer), textOf(answer)]);
    await settled();
    runtime.emit([text(0, "a")]);
    await settled();
    runtime.emit([text(0, "b"), end(0, "ab")]);
    expect(await both).toEqual(["ab", "ab"]);
    expect(await textOf(answer)).toBe("ab");
  });

  test("is cancelled when its loop is left early; the result rejects", async () => {
    const engine = await engineOf();
    const answer = engine.generate("x");
    await settled();
    runtime.emit([text(0, "a"), text(0, "b")]);
    for await (const _ of answer) break;
    await expect(answer.result).rejects.toThrow("left before its end");
    await settled();
    expect(runtime.cancelled).toEqual([0]);
    runtime.emit([text(0, "late"), end(0, "late")]);
  });

  test("an abort cancels it; loop and result reject with the signal's reason", async () => {
    const engine = await engineOf();
    const controller = new AbortController();
    const answer = engine.generate("x", { signal: controller.signal });
    const other = engine.generate("y");
    await settled();
    runtime.emit([text(0, "a")]);
    controller.abort("enough");
    await expect(textOf(answer)).rejects.toBe("enough");
    await expect(answer.result).rejects.toBe("enough");
    await settled();
    expect(runtime.cancelled).toEqual([0]);
    runtime.emit([end(1, "")]);
    expect(await textOf(other)).toBe("");
  });

  test("an abort after its end does nothing", async () => {
    const engine = await engineOf();
    const controller = new AbortController();
    const answer = engine.generate("x", { signal: controller.signal });
    await settled();
    runtime.emit([end(0, "")]);
    await answer.result;
    controller.abort();
    await settled();
    expect(runtime.cancelled).toEqual([]);
  });

  test("with a signal aborted before, nothing is started", async () => {
    const engine = await engineOf();
    const answer = engine.generate("x", { signal: AbortSignal.abort("no") });
    await expect(answer.result).rejects.toBe("no");
    expect(runtime.started).toEqual([]);
  });

  test("rejects with the class of the error that ended it, after what came before", async () => {
    const engine = await engineOf();
    const answer = engine.generate("x");
    await settled();
    runtime.emit([text(0, "a"), { id: 0, type: "error", error: { name: "DeviceError", message: "lost" } }]);
    const seen: string[] = [];
    const failure = await (async () => {
      for await (const { text } of answer) seen.push(text);
    })().catch((error) => error);
    expect(seen).toEqual(["a"]);
    expect(failure).toMatchObject({ name: "DeviceError", message: "lost" });
  });

  test("rejects when the worker refuses to start it", async () => {
    const engine = await engineOf();
    runtime.onStart = () => {
      throw new InputError("maxTokens is 0.");
    };
    const answer = engine.generate("x");
    await expect(answer.result).rejects.toBeInstanceOf(InputError);
  });

  test("rejects when its options cannot be sent", async () => {
    const engine = await engineOf();
    const answer = engine.generate("x", { stop: (() => {}) as unknown as string });
    await expect(answer.result).rejects.toThrow("could not be cloned");
  });

  test("several answers to one prompt are one message and as many streams", async () => {
    const engine = await engineOf();
    engine.generate("before");
    const answers = engine.sample("x", 3, { seed: 7 });
    await settled();
    expect(runtime.started[1]).toEqual({ firstId: 1, prompt: "x", options: { seed: 7 }, count: 3 });
    runtime.emit([end(3, "c"), end(1, "a"), end(2, "b")]);
    expect((await Promise.all(answers.map(({ result }) => result))).map(({ text }) => text)).toEqual([
      "a",
      "b",
      "c",
    ]);
    expect(() => engine.sample("x", 0)).toThrow(InputError);
  });
});

describe("a worker's death", () => {
  test("rejects all that is pending and all that comes after, with a WorkerError", async () => {
    const engine = await engineOf();
    const answers = [engine.generate("x"), engine.generate("y")];
    await settled();
    double.die("");
    for (const answer of answers) await expect(textOf(answer)).rejects.toThrow("its script did not load");
    await expect(engine.generate("z").result).rejects.toBeInstanceOf(WorkerError);
    await expect(engine.stats()).rejects.toBeInstanceOf(WorkerError);
    expect(double.terminated).toBe(true);
  });

  test("dispose ends the worker and rejects what is pending, once", async () => {
    const engine = await engineOf();
    const answer = engine.generate("x");
    const stats = engine.stats();
    engine.dispose();
    engine.dispose();
    await expect(answer.result).rejects.toThrow("disposed of");
    await expect(stats).rejects.toThrow("disposed of");
    expect(double.terminated).toBe(true);
  });

  test("an abort after it is no concern of anybody's", async () => {
    const engine = await engineOf();
    const controller = new AbortController();
    const answer = engine.generate("x", { signal: controller.signal });
    engine.dispose();
    controller.abort();
    await expect(answer.result).rejects.toBeInstanceOf(WorkerError);
  });
});

test("errors of a call keep their class", async () => {
  const engine = await engineOf();
  await expect(engine.stats()).rejects.toBeInstanceOf(InputError);
});

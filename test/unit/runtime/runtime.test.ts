import { describe, expect, test } from "vitest";
import { CapacityError, InputError, ModelError } from "../../../src/errors.ts";
import type { GenerateResult, LoadOptions, RequestOptions, StreamEvent } from "../../../src/protocol.ts";
import type { OpenModel } from "../../../src/runtime/running-model.ts";
import { Runtime } from "../../../src/runtime/runtime.ts";
import { FAKE_LIMITS, FakeModel } from "../../support/fake-model.ts";
import { FakeRunner, runAlone } from "../../support/fake-runner.ts";
import { greedy } from "../../support/greedy.ts";
import { memorySource } from "../../support/memory-source.ts";
import { BEGIN_ID } from "../../support/tiny-tokenizer.ts";

const options: LoadOptions = { model: "fake", baseUrl: "" };
const noProgress = () => {};

function runtimeOf(openModel: OpenModel): Runtime {
  return new Runtime(() => memorySource(new Map()), openModel);
}

/** A loaded runtime whose events are gathered. */
class Session {
  readonly messages: (readonly StreamEvent[])[] = [];
  readonly runtime: Runtime;
  #waiting: (() => void)[] = [];
  #nextId = 0;

  private constructor(readonly model: FakeModel) {
    this.runtime = runtimeOf(async () => model);
    this.runtime.listen((events) => {
      this.messages.push(events);
      for (const resume of this.#waiting.splice(0)) resume();
    });
  }

  static async open(model = new FakeModel()): Promise<Session> {
    const session = new Session(model);
    await session.runtime.load(options, noProgress);
    return session;
  }

  start(prompt: Parameters<Runtime["start"]>[1], requestOptions: RequestOptions = {}, count = 1): number {
    const firstId = this.#nextId;
    this.#nextId += count;
    this.runtime.start(firstId, prompt, requestOptions, count);
    return firstId;
  }

  eventsOf(id: number): StreamEvent[] {
    return this.messages.flat().filter((event) => event.id === id);
  }

  /** The last event of a stream, once it is there. */
  async endOf(id: number): Promise<StreamEvent> {
    while (true) {
      const last = this.eventsOf(id).at(-1);
      if (last && last.type !== "text") return last;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async resultOf(id: number): Promise<GenerateResult> {
    const end = await this.endOf(id);
    if (end.type !== "end") throw new Error(`stream ${id} ended with ${JSON.stringify(end)}`);
    return end.result;
  }

  answer(
    prompt: Parameters<Runtime["start"]>[1],
    requestOptions: RequestOptions = {},
  ): Promise<GenerateResult> {
    return this.resultOf(this.start(prompt, requestOptions));
  }
}

/** The ids of a prompt of plain letters. */
const idsOf = (prompt: string) => [BEGIN_ID, ...new TextEncoder().encode(prompt)];

describe("loading", () => {
  test("before it, nothing can be asked", () => {
    const runtime = runtimeOf(async () => new FakeModel());
    expect(() => runtime.start(0, "x", {})).toThrow(InputError);
    expect(() => runtime.stats()).toThrow("await load() first");
  });

  test("after one that failed, another succeeds", async () => {
    let attempt = 0;
    const runtime = runtimeOf(async () => {
      if (attempt++ === 0) throw new ModelError("There is no config.json.");
      return new FakeModel();
    });
    await expect(runtime.load(options, noProgress)).rejects.toThrow(ModelError);
    expect(await runtime.load(options, noProgress)).toMatchObject({ model: "fake" });
    expect(runtime.stats()).toMatchObject({ runningCount: 0 });
  });

  const refused: [reason: string, wrong: Record<string, unknown>][] = [
    ["There is no option context", { context: 3 }],
    ["contextLen is 0: expected a positive integer", { contextLen: 0 }],
    ["contextLen is NaN", { contextLen: Number.NaN }],
    ["kvBudgetBytes is -1", { kvBudgetBytes: -1 }],
    ["maxSequences is 1.5", { maxSequences: 1.5 }],
    ['kvType is "f64": expected "f32"', { kvType: "f64" }],
    ['recording is "toString"', { recording: "toString" }],
    ["model is 3: expected a string", { model: 3 }],
  ];

  test.each(refused)("is refused: %s", async (reason, wrong) => {
    const runtime = runtimeOf(async () => new FakeModel());
    const loading = runtime.load({ ...options, ...wrong }, noProgress);
    await expect(loading).rejects.toThrow(InputError);
    await expect(loading).rejects.toThrow(reason);
    await runtime.load(options, noProgress);
  });

  test("is refused while another is under way or done, which goes on unharmed", async () => {
    const runtime = runtimeOf(async () => new FakeModel());
    const first = runtime.load(options, noProgress);
    await expect(runtime.load(options, noProgress)).rejects.toThrow("A model is being loaded");
    await first;
    await expect(runtime.load(options, noProgress)).rejects.toThrow("A model is loaded already");
    expect(runtime.stats()).toMatchObject({ runningCount: 0 });
  });

  test("when cancelled it rejects, frees what came all the same, and another may follow", async () => {
    const models: FakeModel[] = [];
    const runtime = runtimeOf(async () => {
      models.push(new FakeModel());
      return models.at(-1)!;
    });
    const loading = runtime.load(options, noProgress);
    runtime.cancelLoad();
    await expect(loading).rejects.toMatchObject({ name: "AbortError" });
    expect(models[0]).toMatchObject({ disposed: true, runner: { disposed: true } });
    await runtime.load(options, noProgress);
    expect(models[1]).toMatchObject({ disposed: false });
  });

  test("a cancel that comes when nothing is loading harms no later load", async () => {
    const runtime = runtimeOf(async ({ signal }) => {
      signal.throwIfAborted();
      return new FakeModel();
    });
    runtime.cancelLoad();
    await runtime.load(options, noProgress);
  });
});

describe("a stream", () => {
  test("brings the model's own tokens and text", async () => {
    const session = await Session.open();
    const id = session.start("hello", { maxTokens: 9 });
    const result = await session.resultOf(id);
    const alone = runAlone(idsOf("hello"), greedy, 9, FAKE_LIMITS);
    expect(result.tokenIds).toEqual(alone.map(({ id }) => id));
    expect(result).toMatchObject({ finishReason: "length", usage: { promptTokens: 6, outputTokens: 9 } });
    const pieces = session.eventsOf(id).filter((event) => event.type === "text");
    expect(pieces.map(({ text }) => text).join("")).toBe(result.text);
    expect(pieces.flatMap(({ tokenIds }) => tokenIds)).toEqual(result.tokenIds);
  });

  test("carries log-probabilities where they are asked for", async () => {
    const session = await Session.open();
    const id = session.start("hello", { maxTokens: 5, logprobs: true });
    const { logprobs } = await session.resultOf(id);
    const alone = runAlone(idsOf("hello"), greedy, 5, FAKE_LIMITS);
    expect(logprobs).toEqual(alone.map(({ logprob }) => logprob));
    const pieces = session.eventsOf(id).filter((event) => event.type === "text");
    expect(pieces.flatMap(({ logprobs }) => logprobs)).toEqual(logprobs);
    expect(await session.answer("hello", { maxTokens: 5 })).not.toHaveProperty("logprobs");
  });

  test("ends before a stop string", async () => {
    const session = await Session.open();
    const { text } = await session.answer("stop", { maxTokens: 40 });
    const stop = text.slice(3, 5);
    const result = await session.answer("stop", { maxTokens: 40, stop });
    expect(result).toMatchObject({ text: text.slice(0, text.indexOf(stop)), finishReason: "stop" });
  });

  test("drafts unless told not to, and the text is the same", async () => {
    // A model that says the same letter for ever is all a drafter can wish for.
    class Parrot extends FakeRunner {
      override async execute(plan: Parameters<FakeRunner["execute"]>[0]) {
        const { sampled, timings } = await super.execute(plan);
        return { sampled: sampled.map((tokens) => tokens.map((token) => ({ ...token, id: 97 }))), timings };
      }
    }
    const session = await Session.open(new FakeModel(new Parrot({ ...FAKE_LIMITS, maxSequences: 1 })));
    const plain = await session.answer("aaaa", { maxTokens: 30, speculate: false });
    expect(session.runtime.stats().speculation.draftedTokens).toBe(0);
    const drafted = await session.answer("aaaa", { maxTokens: 30 });
    expect(session.runtime.stats().speculation.acceptedTokens).toBeGreaterThan(10);
    expect(drafted.text).toBe(plain.text);
  });

  test("all streams of a step share one message", async () => {
    const session = await Session.open();
    const ids = ["a", "b", "c"].map((prompt) => session.start(prompt, { maxTokens: 6, speculate: false }));
    for (const id of ids) await session.endOf(id);
    const first = session.messages[0]!;
    expect(first.map(({ id }) => id)).toEqual(ids);
    expect(session.messages.length).toBe(6);
  });

  test("that is cancelled says nothing more and gives its blocks back at once", async () => {
    const session = await Session.open();
    const id = session.start("long", { maxTokens: 100 });
    const other = session.start("other", { maxTokens: 20, speculate: false });
    await new Promise((resolve) => setTimeout(resolve, 0));
    session.runtime.cancel(id);
    const countBefore = session.eventsOf(id).length;
    expect(session.runtime.stats().runningCount + session.runtime.stats().waitingCount).toBeLessThan(2);
    await session.endOf(other);
    expect(session.eventsOf(id).length).toBe(countBefore);
    expect(session.runtime.stats().blocks.used).toBe(0);
    session.runtime.cancel(id);
    session.runtime.cancel(999);
  });

  test("dispose ends it with a WorkerError and frees the model; another can be loaded", async () => {
    const session = await Session.open();
    const id = session.start("x", { maxTokens: 50 });
    session.runtime.dispose();
    expect(await session.endOf(id)).toMatchObject({ type: "error", error: { name: "WorkerError" } });
    expect(session.model).toMatchObject({ disposed: true, runner: { disposed: true } });
    expect(() => session.start("y")).toThrow(InputError);
    await session.runtime.load(options, noProgress);
  });

  test("a failed step ends it with the step's error, and the next one runs", async () => {
    const runner = new FakeRunner(FAKE_LIMITS, { fails: (step) => step === 2 });
    const session = await Session.open(new FakeModel(runner));
    const id = session.start("x", { maxTokens: 50 });
    expect(await session.endOf(id)).toMatchObject({ type: "error", error: { message: "step 2 failed" } });
    const { tokenIds } = await session.answer("x", { maxTokens: 5 });
    expect(tokenIds).toEqual(runAlone(idsOf("x"), greedy, 5, FAKE_LIMITS).map(({ id }) => id));
  });
});

describe("several answers to one prompt", () => {
  const prompt = "a prompt of a few blocks";
  const promptTokens = idsOf(prompt).length;
  const sharedTokens = Math.floor((promptTokens - 1) / FAKE_LIMITS.blockSize) * FAKE_LIMITS.blockSize;

  test("draw with seeds that follow one another", async () => {
    const session = await Session.open();
    const settings = { temperature: 1, maxTokens: 12 };
    const firstId = session.start(prompt, { ...settings, seed: 2 ** 32 - 2 }, 3);
    const several = [0, 1, 2].map((i) => session.resultOf(firstId + i));
    const texts = (await Promise.all(several)).map(({ text }) => text);
    expect(new Set(texts).size).toBe(3);
    for (const [i, seed] of [2 ** 32 - 2, 2 ** 32 - 1, 0].entries()) {
      expect((await session.answer(prompt, { ...settings, seed })).text).toBe(texts[i]);
    }
  });

  test("share the prompt's full blocks: only the first computes them", async () => {
    const session = await Session.open();
    const firstId = session.start(prompt, { temperature: 1, maxTokens: 4, speculate: false }, 4);
    const usages = [];
    for (let i = 0; i < 4; i++) usages.push((await session.resultOf(firstId + i)).usage.cachedTokens);
    expect(usages).toEqual([0, sharedTokens, sharedTokens, sharedTokens]);
  });

  test("an answer made anew finds its whole prompt, and a changed history what stands before the change", async () => {
    const session = await Session.open();
    const turn = (content: string) => ({ role: "user" as const, content });
    const conversation = [turn("what is a quire?"), { role: "assistant" as const, content: "24 sheets." }];
    const asked = [...conversation, turn("and a ream?")];
    const first = await session.answer(asked, { maxTokens: 4 });
    expect(first.usage.cachedTokens).toBe(0);
    const again = await session.answer(asked, { maxTokens: 4 });
    expect(again.text).toBe(first.text);
    expect(again.usage.promptTokens - again.usage.cachedTokens).toBeLessThanOrEqual(FAKE_LIMITS.blockSize);
    const edited = await session.answer([...conversation, turn("and a page?")], { maxTokens: 4 });
    expect(edited.usage.cachedTokens).toBeGreaterThan(30);
    const salted = await session.answer(asked, { maxTokens: 4, cacheSalt: "other" });
    expect(salted.usage.cachedTokens).toBe(0);
    const { queriedTokens, hitTokens, hitRate } = session.runtime.stats().prefixCache;
    expect(hitTokens).toBe(again.usage.cachedTokens + edited.usage.cachedTokens);
    expect(hitRate).toBe(hitTokens / queriedTokens);
  });
});

describe("a malformed request", () => {
  const refused: [reason: string, options: Record<string, unknown>][] = [
    ["There is no option max_tokens", { max_tokens: 3 }],
    ["There is no option __proto__", JSON.parse('{"__proto__": 1}')],
    ["maxTokens is 0", { maxTokens: 0 }],
    ["maxTokens is 1.5", { maxTokens: 1.5 }],
    ["maxTokens is NaN", { maxTokens: Number.NaN }],
    ["temperature is -1", { temperature: -1 }],
    ["topP is 0", { topP: 0 }],
    ["topK is 2.5", { topK: 2.5 }],
    ["seed is -1", { seed: -1 }],
    ["seed is one", { seed: "one" }],
    ["stop should be a string or a list", { stop: 3 }],
    ["stop[1] should be a string", { stop: ["a", ""] }],
    ["stopTokenIds is [1.5]: expected a list of token ids", { stopTokenIds: [1.5] }],
    ['stopTokenIds is "2"', { stopTokenIds: "2" }],
    ['priority is "high": expected a finite number', { priority: "high" }],
    ["priority is Infinity", { priority: Number.POSITIVE_INFINITY }],
    ["cacheSalt is 3: expected a string", { cacheSalt: 3 }],
    ['speculate is "no": expected true or false', { speculate: "no" }],
    ["logprobs is 5: expected true or false", { logprobs: 5 }],
  ];

  test.each(refused)("is refused: %s", async (reason, requestOptions) => {
    const session = await Session.open();
    const start = () => session.start("x", requestOptions as RequestOptions);
    expect(start).toThrow(InputError);
    expect(start).toThrow(reason);
    expect((await session.answer("x", { maxTokens: 2 })).tokenIds).toHaveLength(2);
  });

  test("a prompt that cannot fit is refused at once, with both numbers", async () => {
    const session = await Session.open();
    const start = () => session.start("x".repeat(200));
    expect(start).toThrow(CapacityError);
    expect(start).toThrow(/201 tokens, but at most 127 fit/);
  });

  test("conversations are checked as well", async () => {
    const session = await Session.open();
    const robot = [{ role: "robot", content: "x" }] as unknown as string;
    expect(() => session.start(robot)).toThrow(/messages\[0\].role/);
    expect(() => session.start([{ role: "user", content: "x" }], JSON.parse('{"tools": [{}]}'))).toThrow(
      /tools\[0\].type/,
    );
  });
});

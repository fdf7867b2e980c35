import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Engine, type EngineOptions } from "../../../src/engine/engine.ts";
import type { GenerateResult, RequestOptions } from "../../../src/protocol.ts";
import { openOnWasm } from "../../../src/runtime/open-on-wasm.ts";
import { Runtime } from "../../../src/runtime/runtime.ts";
import type { WasmRunner } from "../../../src/wasm/wasm-runner.ts";
import { answers } from "../../support/answers.ts";
import { greedy } from "../../support/greedy.ts";
import { memorySource } from "../../support/memory-source.ts";
import { tinyModelFiles } from "../../support/model-files.ts";
import { Random } from "../../support/random.ts";
import { greedyTokens, openOrt, openRunner } from "../../support/wasm-runner.ts";

const tiny = () => memorySource(tinyModelFiles());
const OUTPUT_TOKENS = 40;

interface Asked {
  readonly prompt: readonly number[];
  /** Tokens after which the request is cancelled; undefined for one that runs to its end. */
  readonly cancelAfter: number | undefined;
}

/** Prompts of which some begin alike. */
function randomRequests(random: Random, count: number): Asked[] {
  const shared = Array.from({ length: 64 }, () => random.integer(256));
  return Array.from({ length: count }, (_, i) => ({
    prompt: [
      ...shared.slice(0, random.integer(2) * (16 + random.integer(48))),
      ...Array.from({ length: 1 + random.integer(40) }, () => random.integer(256)),
    ],
    cancelAfter: i % 4 === 3 ? 1 + random.integer(20) : undefined,
  }));
}

/** What an engine makes of requests that come at once. */
async function serve(
  runner: WasmRunner,
  requests: readonly Asked[],
  options: EngineOptions,
  speculate: boolean,
) {
  const engine = new Engine(runner, options);
  const answers = requests.map(
    ({ prompt, cancelAfter }) =>
      new Promise<number[]>((resolve, reject) => {
        const tokens: number[] = [];
        const sink = {
          onToken: ({ id: token }: { readonly id: number }) => {
            tokens.push(token);
            if (tokens.length === cancelAfter) engine.cancel(id);
            return false;
          },
          onEnd: ({ error }: { readonly error?: unknown }) => (error ? reject(error) : resolve(tokens)),
        };
        const id = engine.add({
          promptIds: prompt,
          sampling: greedy,
          maxTokens: OUTPUT_TOKENS,
          speculate,
          sink,
        });
      }),
  );
  const tokens = await Promise.all(answers);
  engine.checkIntegrity();
  return { tokens, stats: engine.stats() };
}

describe("the engine on the WebAssembly runner", () => {
  let alone: (prompt: readonly number[]) => Promise<number[]>;
  beforeAll(async () => {
    const runner = await openRunner(tiny());
    alone = (prompt) => greedyTokens(runner, prompt, OUTPUT_TOKENS);
  });

  for (const { name, kvBudgetBytes, prefixCache, speculate } of [
    { name: "with room for all" },
    { name: "without shared prefixes", prefixCache: false },
    { name: "with drafts", speculate: true },
    { name: "in a cache that holds too little for all of them", kvBudgetBytes: 16 * 16 * 256 },
  ] as { name: string; kvBudgetBytes?: number; prefixCache?: boolean; speculate?: boolean }[]) {
    it(`gives each of many streams the tokens it has alone, ${name}`, async () => {
      const runner = await openRunner(tiny(), {
        maxSequences: 4,
        ...(kvBudgetBytes ? { kvBudgetBytes } : {}),
      });
      const random = new Random(5);
      for (let round = 0; round < 3; round++) {
        const requests = randomRequests(random, 8);
        const { tokens, stats } = await serve(
          runner,
          requests,
          { prefixCache: prefixCache ?? true },
          speculate ?? false,
        );
        for (const [i, { prompt, cancelAfter }] of requests.entries()) {
          expect(tokens[i]).toEqual((await alone(prompt)).slice(0, cancelAfter ?? OUTPUT_TOKENS));
        }
        expect(stats.preemptionCount > 0).toBe(kvBudgetBytes !== undefined);
        if (prefixCache === false) expect(stats.prefixCache.hitTokens).toBe(0);
      }
      runner.dispose();
    });
  }

  it("takes a prompt's known beginning from the blocks instead of computing it", async () => {
    const runner = await openRunner(tiny());
    const engine = new Engine(runner);
    const ask = (promptIds: readonly number[]) =>
      new Promise<number>((resolve) => {
        const onEnd = ({ usage }: { readonly usage: { readonly cachedTokens: number } }) =>
          resolve(usage.cachedTokens);
        engine.add({ promptIds, sampling: greedy, maxTokens: 2, sink: { onToken: () => false, onEnd } });
      });
    const prompt = Array.from({ length: 50 }, (_, i) => i);
    expect(await ask(prompt)).toBe(0);
    expect(await ask([...prompt, 7, 8, 9])).toBe(48);
    engine.dispose();
  });
});

describe("the runtime on WebAssembly", () => {
  const runtime = new Runtime(tiny, (context) => openOnWasm(context, openOrt));
  afterAll(() => runtime.dispose());

  it("says what it runs on, streams four at once, and stops at a stop string", async () => {
    const model = await runtime.load({ model: "tiny", baseUrl: "", wasmWeights: "f32" }, () => {});
    expect(model.adapter.description).toBe("WebAssembly, 1 thread, f32");
    expect(model.memory).toMatchObject({ kvType: "f32", blockSize: 16 });
    const settings: RequestOptions = { maxTokens: 30, temperature: 1, seed: 3 };
    const [first] = await stories(runtime, [settings]);
    const middle = first!.text.slice(5, 7);
    const four = await stories(runtime, [
      settings,
      { ...settings, stop: middle },
      settings,
      { ...settings, seed: 4 },
    ]);
    expect(four[0]!.text).toBe(first!.text);
    expect(four[1]).toMatchObject({
      text: first!.text.slice(0, first!.text.indexOf(middle)),
      finishReason: "stop",
    });
    expect(four[2]!.tokenIds).toEqual(first!.tokenIds);
    expect(four[3]!.tokenIds).not.toEqual(first!.tokenIds);
    expect(runtime.stats()).toMatchObject({ threadCount: 1, wasmMemoryBytes: expect.any(Number) });
  });
});

/** Continuations of one beginning, asked for at once. */
function stories(runtime: Runtime, requests: readonly RequestOptions[]): Promise<GenerateResult[]> {
  return answers(
    runtime,
    requests.map((options) => ["Once upon a time", options]),
  );
}

import { expectTypeOf, test } from "vitest";
import {
  CapacityError,
  type CreateEngineOptions,
  createEngine,
  type Engine,
  type EngineStats,
  type GenerateChunk,
  type GenerateOptions,
  type GenerateResult,
  type Generation,
  type LoadedModel,
  type Message,
  type Prompt,
  type RequestTimings,
  type WorkerError,
} from "../../../src/index.ts";

// The compiler is the judge here: `npm test` type-checks this file.

test("an engine is made from options of which only the model is required", () => {
  expectTypeOf(createEngine).returns.resolves.toEqualTypeOf<Engine>();
  expectTypeOf<{ model: string }>().toExtend<CreateEngineOptions>();
  expectTypeOf<{ contextLen: number }>().not.toExtend<CreateEngineOptions>();
  expectTypeOf<Engine["model"]>().toEqualTypeOf<LoadedModel>();
});

test("generate takes a text or a conversation and returns an answer to iterate or await", () => {
  expectTypeOf<Engine["generate"]>().parameter(0).toEqualTypeOf<Prompt>();
  expectTypeOf<Engine["generate"]>().parameter(1).toEqualTypeOf<GenerateOptions | undefined>();
  expectTypeOf<Engine["generate"]>().returns.toEqualTypeOf<Generation>();
  expectTypeOf<Engine["sample"]>().returns.toEqualTypeOf<Generation[]>();
  expectTypeOf<string>().toExtend<Prompt>();
  expectTypeOf<{ role: "user"; content: string }[]>().toExtend<Prompt>();
  expectTypeOf<{ role: "robot"; content: string }>().not.toExtend<Message>();
  expectTypeOf<Generation>().toExtend<AsyncIterable<GenerateChunk>>();
  expectTypeOf<Generation["result"]>().resolves.toEqualTypeOf<GenerateResult>();
});

test("options that do not exist, or of the wrong type, do not compile", () => {
  expectTypeOf<{ maxTokens: number; stop: string[]; logprobs: true }>().toExtend<GenerateOptions>();
  // @ts-expect-error: the name is maxTokens
  const _unknown: GenerateOptions = { max_tokens: 3 };
  // @ts-expect-error: a number
  const _wrong: GenerateOptions = { temperature: "hot" };
});

test("results and statistics are plain, typed data", () => {
  expectTypeOf<GenerateResult["timings"]>().toEqualTypeOf<RequestTimings>();
  expectTypeOf<RequestTimings["interTokenP99Ms"]>().toEqualTypeOf<number>();
  expectTypeOf<GenerateResult["finishReason"]>().toEqualTypeOf<"stop" | "length">();
  expectTypeOf<GenerateResult["logprobs"]>().toEqualTypeOf<readonly number[] | undefined>();
  expectTypeOf<EngineStats["prefixCache"]["hitRate"]>().toEqualTypeOf<number>();
  expectTypeOf<Engine["stats"]>().returns.resolves.toEqualTypeOf<EngineStats>();
});

test("errors can be told apart", () => {
  expectTypeOf(new CapacityError("")).toExtend<Error>();
  expectTypeOf<CapacityError["name"]>().toEqualTypeOf<"CapacityError">();
  expectTypeOf<WorkerError>().not.toExtend<CapacityError>();
});

import { expect, test } from "vitest";
import { InputError } from "../../../src/errors.ts";
import { parseGenerationConfig } from "../../../src/model/generation-config.ts";
import { samplingOf } from "../../../src/runtime/sampling.ts";

const temperatureOf = (file: object, options = {}) =>
  samplingOf(options, parseGenerationConfig(file)).temperature;

test("a model that says nothing is greedy, and so is one that says do_sample: false, whatever its temperature", () => {
  expect(temperatureOf({})).toBe(0);
  expect(temperatureOf({ eos_token_id: 1, repetition_penalty: 1.2 })).toBe(0);
  expect(temperatureOf({ do_sample: false, temperature: 0.7 })).toBe(0);
});

test("a model that asks for sampling, or sets what only sampling knows, is sampled", () => {
  expect(temperatureOf({ do_sample: true })).toBe(1);
  expect(temperatureOf({ do_sample: true, temperature: 0.6 })).toBe(0.6);
  expect(temperatureOf({ temperature: 0.6 })).toBe(0.6);
  expect(temperatureOf({ top_p: 0.9 })).toBe(1);
});

test("what a request says goes before what the model says", () => {
  const model = {
    do_sample: false,
    temperature: 0.7,
    top_k: 20,
    top_p: 0.8,
    min_p: 0.1,
    repetition_penalty: 1.1,
  };
  expect(temperatureOf(model, { temperature: 0.3 })).toBe(0.3);
  expect(temperatureOf({ do_sample: true }, { temperature: 0 })).toBe(0);
  const options = { topK: 5, minP: 0, seed: 7 };
  expect(samplingOf(options, parseGenerationConfig(model))).toEqual({
    temperature: 0,
    topK: 5,
    topP: 0.8,
    minP: 0,
    repetitionPenalty: 1.1,
    presencePenalty: 0,
    frequencyPenalty: 0,
    seed: 7,
  });
});

test("a seed is drawn where none is given", () => {
  const model = parseGenerationConfig({});
  const seeds = new Set(Array.from({ length: 5 }, () => samplingOf({}, model).seed));
  expect(seeds.size).toBeGreaterThan(1);
});

test.each([
  [{ temperature: -1 }, "temperature is -1: expected a number from 0 to 100"],
  [{ temperature: Number.NaN }, "temperature is NaN"],
  [{ topP: 0 }, "topP is 0: expected a number above 0 to 1"],
  [{ topK: 1.5 }, "topK is 1.5: expected an integer from 0"],
  [{ minP: 2 }, "minP is 2"],
  [{ repetitionPenalty: 0 }, "repetitionPenalty is 0"],
  [{ seed: -1 }, "seed is -1: expected an integer from 0 to 4294967295"],
  [{ temperature: "1" as unknown as number }, "temperature is 1: expected a number"],
])("%o is refused", (options, message) => {
  expect(() => samplingOf(options, parseGenerationConfig({}))).toThrow(InputError);
  expect(() => samplingOf(options, parseGenerationConfig({}))).toThrow(message);
});

import { expect, test } from "vitest";
import { parseGenerationConfig } from "../../../src/model/generation-config.ts";

test("a folder without the file takes its token ids from config.json and says nothing else", () => {
  expect(parseGenerationConfig(undefined, { eos_token_id: 2, bos_token_id: 1 })).toEqual({
    eosTokenIds: [2],
    bosTokenId: 1,
    doSample: undefined,
    temperature: undefined,
    topK: undefined,
    topP: undefined,
    minP: undefined,
    repetitionPenalty: undefined,
  });
});

test("the file goes before config.json, field by field", () => {
  const both = parseGenerationConfig({ eos_token_id: [7, 8] }, { eos_token_id: 2, bos_token_id: 1 });
  expect(both).toMatchObject({ eosTokenIds: [7, 8], bosTokenId: 1 });
});

test("a published file is read whole", () => {
  const file = {
    do_sample: true,
    temperature: 0.7,
    top_k: 20,
    top_p: 0.8,
    repetition_penalty: 1.1,
    min_p: null,
  };
  expect(parseGenerationConfig(file)).toMatchObject({
    eosTokenIds: [],
    doSample: true,
    temperature: 0.7,
    topK: 20,
    topP: 0.8,
    minP: undefined,
    repetitionPenalty: 1.1,
  });
});

test("a top_k of -1 is off", () => {
  expect(parseGenerationConfig({ top_k: -1 }).topK).toBe(0);
});

test.each([
  [{ eos_token_id: "2" }, "eos_token_id should be a whole number from 0"],
  [{ eos_token_id: [1.5] }, "eos_token_id should be a token id or a list of them; it is [1.5]"],
  [{ bos_token_id: -1 }, "bos_token_id should be a whole number from 0"],
  [{ do_sample: "no" }, 'do_sample should be true or false; it is "no"'],
  [{ temperature: -1 }, "temperature should be a number from 0 to 100; it is -1"],
  [{ top_k: 2.5 }, "top_k should be a whole number from -1"],
  [{ top_p: 0 }, "top_p should be a number from 0.000001 to 1; it is 0"],
  [{ repetition_penalty: 0 }, "repetition_penalty should be a number from 0.000001 to 100; it is 0"],
  [[], "generation_config.json should be a JSON object; it is []"],
])("%o is refused", (file, message) => {
  expect(() => parseGenerationConfig(file)).toThrow(message);
});

import { expect, test } from "vitest";
import { folderSource } from "../../../tools/folder-source.ts";
import { argmax, greedyReference, LlamaReference } from "../../reference/llama.ts";
import { readLlamaModel } from "../../reference/read-model.ts";
import { memorySource } from "../../support/memory-source.ts";
import { tinyModelFiles } from "../../support/model-files.ts";
import { describeWithData, readSharedText, sharedData } from "../../support/shared-data.ts";

const F32 = "models/stories260K-hf-f32";
const NARROW = ["models/stories260K-hf-bf16", "models/stories260K-hf-f16"];

interface Golden {
  readonly prompt_ids_with_bos: number[];
  readonly last_logits_first16: number[];
  readonly argmax_last: number;
  readonly greedy_64_ids: number[];
  readonly greedy_from_bos_ids: number[];
}

const readModel = (path: string) => readLlamaModel(folderSource(sharedData(path)!));

describeWithData("the reference against a trained model", [F32, ...NARROW], () => {
  const golden = (): Golden => JSON.parse(readSharedText(`${F32}/reference_greedy.json`));

  test("gives the logits that numpy gave", async () => {
    const { prompt_ids_with_bos, last_logits_first16, argmax_last } = golden();
    const logits = new LlamaReference(await readModel(F32)).prefill(prompt_ids_with_bos);
    for (const [i, expected] of last_logits_first16.entries()) expect(logits[i]).toBeCloseTo(expected, 6);
    expect(argmax(logits)).toBe(argmax_last);
  });

  test("goes on with the tokens that numpy went on with", async () => {
    const { prompt_ids_with_bos, greedy_64_ids, greedy_from_bos_ids } = golden();
    const model = await readModel(F32);
    expect(greedyReference(model, prompt_ids_with_bos, 64)).toEqual(greedy_64_ids);
    expect([1, ...greedyReference(model, [1], 201)]).toEqual(greedy_from_bos_ids);
  });

  test.each(NARROW)("%s agrees for 60 tokens", async (path) => {
    const expected = golden().greedy_from_bos_ids.slice(1, 61);
    expect(greedyReference(await readModel(path), [1], 60)).toEqual(expected);
  });
});

test("a folder in shards is the model of the folder in one file", async () => {
  const [whole, sharded] = await Promise.all(
    [1, 4].map((shardCount) => readLlamaModel(memorySource(tinyModelFiles({ shardCount })))),
  );
  expect(sharded).toEqual(whole);
});

test("of a single token the biases of values and outputs move the logits, those of queries and keys do not", async () => {
  const model = await readLlamaModel(memorySource(tinyModelFiles({ config: { attention_bias: true } })));
  const logitsWithout = (bias: string) => {
    const zeroed = [...model.tensors].map(([name, values]): [string, Float64Array] => [
      name,
      name.endsWith(bias) ? values.map(() => 0) : values,
    ]);
    return new LlamaReference({ ...model, tensors: new Map(zeroed) }).prefill([256]);
  };
  const logits = new LlamaReference(model).prefill([256]);
  expect(logitsWithout("q_proj.bias")).toEqual(logits);
  expect(logitsWithout("k_proj.bias")).toEqual(logits);
  expect(logitsWithout("v_proj.bias")).not.toEqual(logits);
  expect(logitsWithout("o_proj.bias")).not.toEqual(logits);
});

import { expect, test } from "vitest";
import { parseLlamaConfig } from "../../../src/model/config.ts";
import { requiredTensors, weightBytes } from "../../../src/model/tensors.ts";
import { openModelFolder } from "../../../src/store/model-folder.ts";
import { memorySource } from "../../support/memory-source.ts";
import { TINY_CONFIG, tinyModelFiles } from "../../support/model-files.ts";

const names = (fields: object) =>
  requiredTensors(parseLlamaConfig({ ...TINY_CONFIG, ...fields })).map(({ name }) => name);

test("a model is an embedding, nine tensors a layer, a norm and a head", () => {
  const all = names({});
  expect(all).toHaveLength(1 + 2 * 9 + 1 + 1);
  expect(all[0]).toBe("model.embed_tokens.weight");
  expect(all.at(-1)).toBe("lm_head.weight");
});

test("a tied head is no tensor of its own", () => {
  expect(names({ tie_word_embeddings: true })).not.toContain("lm_head.weight");
});

test("biases are asked for where the config has them, and nowhere else", () => {
  const biases = (fields: object) =>
    names(fields).filter((name) => name.startsWith("model.layers.0.") && name.endsWith(".bias"));
  expect(biases({})).toHaveLength(0);
  expect(biases({ attention_bias: true })).toHaveLength(4);
  expect(biases({ mlp_bias: true })).toHaveLength(3);
  expect(biases({ architectures: ["Qwen2ForCausalLM"], model_type: "qwen2" })).toHaveLength(3);
});

test("a narrow model takes its matrices' bytes, and its vectors' in f32", async () => {
  const config = parseLlamaConfig(TINY_CONFIG);
  const { tensors } = await openModelFolder(memorySource(tinyModelFiles({ format: "bf16" })));
  const elements = (rank: number) =>
    requiredTensors(config)
      .filter(({ shape }) => shape.length === rank)
      .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  expect(weightBytes(config, tensors)).toBe(2 * elements(2) + 4 * elements(1));
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ModelError } from "../../../src/errors.ts";
import { requiredTensors } from "../../../src/model/tensors.ts";
import { readModel } from "../../../src/runtime/read-model.ts";
import type { FileSource } from "../../../src/store/source.ts";
import { streamTensors } from "../../../src/store/stream-tensors.ts";
import { webSource } from "../../../src/store/web-source.ts";
import {
  type Break,
  changed,
  cutTo,
  replaced,
  WEIGHTS,
  withEntry,
  withFields,
  withHeader,
  withHeaderLength,
  without,
  withRawField,
} from "../../support/broken-file.ts";
import { memorySource } from "../../support/memory-source.ts";
import { tinyModelFiles } from "../../support/model-files.ts";
import { concatenate } from "../../support/safetensors.ts";
import { cutAfter, type Misbehaviour, status, WebServer } from "../../support/web-server.ts";

/** Name, how the sound folder is broken, and what the error must say. */
type Case = [name: string, breakFolder: Break, message: string];

const CONFIG = "config.json";
const GENERATION = "generation_config.json";
const TOKENIZER = "tokenizer.json";
const INDEX = "model.safetensors.index.json";
const EMBEDDING = "model.embed_tokens.weight"; // [264, 32] f32: 33792 bytes, the file's first
const NORM = "model.norm.weight"; // [32]
const QUERY = "model.layers.0.self_attn.q_proj.weight"; // [32, 32]

const config = (fields: Readonly<Record<string, unknown>>) => withFields(CONFIG, fields);
const lfs = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1000\n";

const weightFiles: Case[] = [
  ["no weights", without(WEIGHTS), "the test model has no model.safetensors"],
  ["empty", cutTo(WEIGHTS, 0), "should begin with the header's length in 8 bytes; it has 0 bytes"],
  ["5 bytes", cutTo(WEIGHTS, 5), "should begin with the header's length in 8 bytes; it has 5 bytes"],
  ["header cut", cutTo(WEIGHTS, 100), "the file has only 92 for it"],
  ["header length 2^60", withHeaderLength(2n ** 60n), "its length is given as 1152921504606846976"],
  ["header length 2^64-1", withHeaderLength(2n ** 64n - 1n), "its length is given as 18446744073709551615"],
  ["header length 0", withHeaderLength(0n), "should be 2 to 100000000 bytes long; its length is given as 0"],
  [
    "header length beyond the file",
    withHeaderLength(90_000_000n),
    "should be 90000000 bytes long; the file has",
  ],
  [
    "header length a little long",
    withHeaderLength(4000n),
    "model.safetensors: the header is not valid UTF-8",
  ],
  ["header no JSON", changed(WEIGHTS, (b) => b.fill(0x7d, 8, 9)), "the header is not valid JSON"],
  ["header no UTF-8", changed(WEIGHTS, (b) => b.fill(0xff, 8, 12)), "the header is not valid UTF-8"],
  ["header a list", withHeader(() => []), "its header should be a JSON object"],
  [
    "header's notes no texts",
    withHeader((h) => ({ ...h, __metadata__: { a: 1 } })),
    "__metadata__ should be an object of strings",
  ],
  [
    "entry no object",
    withHeader((h) => ({ ...h, [NORM]: 7 })),
    `the entry of the tensor ${NORM} should be an object; it is 7`,
  ],
  [
    "unknown dtype",
    withEntry(NORM, { dtype: "F33" }),
    `the dtype of the tensor ${NORM} should be one of the safetensors format; it is "F33"`,
  ],
  ["no dtype", withEntry(NORM, { dtype: undefined }), `the dtype of the tensor ${NORM} should be`],
  [
    "negative shape",
    withEntry(NORM, { shape: [-32] }),
    `the shape of the tensor ${NORM} should be a list of whole numbers from 0; it is [-32]`,
  ],
  [
    "fractional shape",
    withEntry(NORM, { shape: [31.5] }),
    "should be a list of whole numbers from 0; it is [31.5]",
  ],
  ["shape a number", withEntry(NORM, { shape: 32 }), "should be a list of whole numbers from 0; it is 32"],
  [
    "shape past counting",
    withEntry(NORM, { shape: [2 ** 40, 2 ** 40] }),
    "should be of a size that can be stored",
  ],
  [
    "dtype of another size",
    withEntry(NORM, { dtype: "F16" }),
    `should be 64 bytes apart, for F16 of shape [32]`,
  ],
  [
    "offsets upside down",
    withEntry(EMBEDDING, { data_offsets: [33792, 0] }),
    "should be in ascending order; it is [33792,0]",
  ],
  [
    "offsets negative",
    withEntry(EMBEDDING, { data_offsets: [-4, 33788] }),
    "should be two whole numbers from 0; it is [-4,33788]",
  ],
  [
    "offsets of one number",
    withEntry(EMBEDDING, { data_offsets: [0] }),
    "should be two whole numbers from 0; it is [0]",
  ],
  [
    "offsets overlap",
    withEntry(NORM, { data_offsets: [64, 192] }),
    `the tensors ${EMBEDDING} and ${NORM} overlap`,
  ],
  ["offsets leave a gap", withHeader((h) => void delete h[QUERY]), "is a gap of 4096 bytes"],
  ["offsets beyond the file", cutTo(WEIGHTS, 50_000), "the file has only 50000 bytes"],
  [
    "bytes behind the last tensor",
    changed(WEIGHTS, (b) => concatenate([b, new Uint8Array(4)])),
    "the file goes on to byte",
  ],
  [
    "a Git LFS pointer",
    replaced(WEIGHTS, lfs),
    "model.safetensors is not a safetensors file: it is a Git LFS pointer",
  ],
  [
    "an HTML page",
    replaced(WEIGHTS, "<!doctype html>"),
    "model.safetensors is not a safetensors file: it is an HTML page",
  ],
];

const tensors: Case[] = [
  [
    "a layer missing",
    config({ num_hidden_layers: 3 }),
    "lack the tensor model.layers.2.input_layernorm.weight",
  ],
  [
    "the head missing",
    withHeader(renamed("lm_head.weight", "head")),
    "lack the tensor lm_head.weight. config.json says that the head is not the embedding",
  ],
  [
    "a bias missing",
    config({ attention_bias: true }),
    "lack the tensor model.layers.0.self_attn.q_proj.bias",
  ],
  [
    "another shape",
    withEntry(QUERY, { shape: [16, 64] }),
    `the tensor ${QUERY} should have the shape [32, 32] after config.json; it has [16, 64]`,
  ],
  ["another rank", withEntry(NORM, { shape: [1, 32] }), `the tensor ${NORM} should have the shape [32]`],
  [
    "integers",
    withEntry(NORM, { dtype: "I32" }),
    `The tensor ${NORM} is of type I32; Quire reads F32, F16 and BF16`,
  ],
  [
    "another vocabulary",
    config({ vocab_size: 272 }),
    `the tensor ${EMBEDDING} should have the shape [272, 32]`,
  ],
];

const configs: Case[] = [
  ["none", without(CONFIG), "the test model has no config.json"],
  ["empty", replaced(CONFIG, ""), "config.json is not valid JSON: it is empty"],
  ["cut", cutTo(CONFIG, 60), "config.json is not valid JSON"],
  ["a list", replaced(CONFIG, "[]"), "config.json should be a JSON object; it is []"],
  ["a page", replaced(CONFIG, "<html>"), "config.json is not valid JSON: it is an HTML or XML page"],
  ["no UTF-8", replaced(CONFIG, new Uint8Array([0x7b, 0xff])), "config.json is not valid UTF-8"],
  ["NaN", withRawField(CONFIG, "rope_theta", "NaN"), "config.json is not valid JSON"],
  [
    "Infinity, the JSON way",
    withRawField(CONFIG, "rope_theta", "1e999"),
    "rope_theta should be a number from 1 to 1000000000000; it is Infinity",
  ],
  ["size 0", config({ hidden_size: 0 }), "hidden_size should be a whole number from 4 to 1048576; it is 0"],
  [
    "size negative",
    config({ intermediate_size: -48 }),
    "intermediate_size should be a whole number from 4 to 1048576; it is -48",
  ],
  [
    "size a fraction",
    config({ num_attention_heads: 2.5 }),
    "num_attention_heads should be a whole number from 1 to 4096; it is 2.5",
  ],
  [
    "size a text",
    config({ vocab_size: "264" }),
    'vocab_size should be a whole number from 1 to 16777216; it is "264"',
  ],
  [
    "size huge",
    config({ hidden_size: 2 ** 60 }),
    "hidden_size should be a whole number from 4 to 1048576; it is 1152921504606847000",
  ],
  [
    "size missing",
    config({ num_hidden_layers: undefined }),
    "num_hidden_layers should be a whole number from 1 to 1024; it is missing",
  ],
  [
    "size null",
    config({ vocab_size: null }),
    "vocab_size should be a whole number from 1 to 16777216; it is missing",
  ],
  ["odd width", config({ hidden_size: 30 }), "hidden_size should be a multiple of 4; it is 30"],
  [
    "odd heads",
    config({ num_attention_heads: 6 }),
    "hidden_size / num_attention_heads should be a multiple of 4",
  ],
  [
    "uneven groups",
    config({ num_key_value_heads: 3 }),
    "num_key_value_heads should be a divisor of num_attention_heads (4); it is 3",
  ],
  [
    "more KV heads than heads",
    config({ num_key_value_heads: 8 }),
    "num_key_value_heads should be a whole number from 1 to 4; it is 8",
  ],
  [
    "context 0",
    config({ max_position_embeddings: 0 }),
    "max_position_embeddings should be a whole number from 1",
  ],
  [
    "epsilon negative",
    config({ rms_norm_eps: -1e-5 }),
    "rms_norm_eps should be a number from 0 to 1; it is -0.00001",
  ],
  [
    "tied a text",
    config({ tie_word_embeddings: "yes" }),
    'tie_word_embeddings should be true or false; it is "yes"',
  ],
  [
    "another architecture",
    config({ architectures: ["MambaForCausalLM"] }),
    'the architecture is "MambaForCausalLM"; Quire runs LlamaForCausalLM',
  ],
  [
    "no architecture",
    config({ architectures: undefined, model_type: undefined }),
    "the architecture is undefined",
  ],
  ["another activation", config({ hidden_act: "gelu" }), 'hidden_act should be "silu"; it is "gelu"'],
  [
    "quantized",
    config({ quantization_config: { bits: 4 } }),
    'quantization_config is {"bits":4}; Quire reads weights of type F32, F16 and BF16',
  ],
  [
    "other mathematics",
    config({ final_logit_softcapping: 30 }),
    "final_logit_softcapping is 30, which changes the computation",
  ],
  [
    "unknown RoPE",
    config({ rope_scaling: { rope_type: "yarn", factor: 4 } }),
    'Quire knows the rope_type "default" and "llama3"',
  ],
  [
    "RoPE without its factor",
    config({ rope_scaling: { rope_type: "llama3", low_freq_factor: 1, high_freq_factor: 4 } }),
    "rope_scaling: factor should be a number from 1 to 1000000; it is missing",
  ],
  [
    "generation: token ids",
    withFields(GENERATION, { eos_token_id: [2, -1] }),
    "eos_token_id should be a token id or a list of them; it is [2,-1]",
  ],
  [
    "generation: temperature",
    withFields(GENERATION, { temperature: "hot" }),
    'temperature should be a number from 0 to 100; it is "hot"',
  ],
  ["generation: no JSON", replaced(GENERATION, "{"), "generation_config.json is not valid JSON"],
];

const texts: Case[] = [
  ["no tokenizer", without(TOKENIZER), "the test model has no tokenizer.json"],
  ["tokenizer cut", cutTo(TOKENIZER, 500), "tokenizer.json is not valid JSON"],
  [
    "tokenizer a Git LFS pointer",
    replaced(TOKENIZER, lfs),
    "tokenizer.json is not valid JSON: it is a Git LFS pointer",
  ],
  ["tokenizer a number", replaced(TOKENIZER, "7"), "tokenizer.json"],
  ["tokenizer without a model", withFields(TOKENIZER, { model: undefined }), "model should be an object"],
  [
    "tokenizer of another kind",
    withFields(TOKENIZER, { model: { type: "WordPiece", vocab: {} } }),
    'model.type should be "BPE" or "Unigram"',
  ],
  [
    "tokenizer with an id given twice",
    withFields(TOKENIZER, { model: { type: "BPE", vocab: { a: 1, b: 1 }, merges: [] } }),
    "model.vocab gives the id 1 to both",
  ],
  [
    "tokenizer without merges",
    withFields(TOKENIZER, { model: { type: "BPE", vocab: { a: 1 } } }),
    "model.merges should be a list",
  ],
  [
    "tokenizer's settings no JSON",
    replaced("tokenizer_config.json", "[["),
    "tokenizer_config.json is not valid JSON",
  ],
  [
    "template no text",
    withFields("tokenizer_config.json", { chat_template: 7 }),
    "chat_template should be a text or a list of { name, template }",
  ],
  [
    "template without an end",
    replaced("chat_template.jinja", "{% for x in messages %}"),
    "The chat template cannot be parsed",
  ],
];

const indexes: Case[] = [
  ["no JSON", replaced(INDEX, "{"), `${INDEX} is not valid JSON`],
  ["no map", replaced(INDEX, "{}"), "should have a weight_map from tensors to files"],
  ["an empty map", replaced(INDEX, '{"weight_map":{}}'), "should have a weight_map from tensors to files"],
  [
    "a file outside",
    replaced(INDEX, `{"weight_map":{"${NORM}":"../x.safetensors"}}`),
    `should be in a plain file *.safetensors; its file is "../x.safetensors"`,
  ],
  [
    "an address for a file",
    replaced(INDEX, `{"weight_map":{"${NORM}":"https://x/y.safetensors"}}`),
    "should be in a plain file",
  ],
  [
    "a shard missing",
    without("model-2-of-3.safetensors"),
    "the test model has no model-2-of-3.safetensors, which model.safetensors.index.json names",
  ],
  [
    "a tensor in another shard",
    withFields(INDEX, {
      weight_map: { [NORM]: "model-1-of-3.safetensors", [EMBEDDING]: "model-2-of-3.safetensors" },
    }),
    "it is not there",
  ],
];

function renamed(from: string, to: string) {
  return (header: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(header).map(([name, entry]) => [name === from ? to : name, entry]));
}

/** All that loading does before a GPU comes in: reads the folder, checks it, and reads every weight. */
async function load(source: FileSource): Promise<number> {
  const { config, stored } = await readModel(source);
  let bytes = 0;
  await streamTensors(
    stored,
    requiredTensors(config).map(({ name }) => name),
    (_, __, piece) => {
      bytes += piece.length;
    },
  );
  return bytes;
}

async function expectRefusal(source: FileSource, message: string): Promise<void> {
  const error = await load(source).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ModelError);
  expect((error as Error).message).toContain(message);
}

describe("a folder in one file", () => {
  test("loads when sound", async () => {
    expect(await load(memorySource(tinyModelFiles()))).toBeGreaterThan(100_000);
  });

  test.each([...weightFiles, ...tensors, ...configs, ...texts])("%s", async (_, breakFolder, message) => {
    const files = tinyModelFiles();
    breakFolder(files);
    await expectRefusal(memorySource(files), message);
  });

  test("projections of different types cannot be multiplied at once", async () => {
    const files = tinyModelFiles({ format: "bf16" });
    withEntry(QUERY, { dtype: "F16" })(files);
    await expectRefusal(
      memorySource(files),
      "should be of one type, since they are multiplied at once; they are F16 and BF16",
    );
  });
});

describe("a folder in shards", () => {
  test("loads when sound", async () => {
    const bytes = await load(memorySource(tinyModelFiles({ shardCount: 3 })));
    expect(bytes).toBe(await load(memorySource(tinyModelFiles())));
  });

  test.each(indexes)("%s", async (_, breakFolder, message) => {
    const files = tinyModelFiles({ shardCount: 3 });
    breakFolder(files);
    await expectRefusal(memorySource(files), message);
  });
});

describe("a folder on the web", () => {
  const files = tinyModelFiles();
  let server: WebServer;
  const source = () => webSource("the test model", (path) => `${server.url}/${path}`, [0, 0]);

  beforeAll(async () => {
    server = await WebServer.start(files);
  });
  afterAll(() => server.stop());

  test("loads when sound", async () => {
    server.misbehave.clear();
    expect(await load(source())).toBe(await load(memorySource(files)));
  });

  /** Serves headers as they are, and misbehaves once the weights themselves are asked for. */
  const onceStreaming =
    (mood: Misbehaviour): Misbehaviour =>
    (response, file, request) => {
      const wholeFile = !request.headers.range?.startsWith("bytes=0-");
      if (wholeFile) return mood(response, file, request);
      const end = Number(request.headers.range!.split("-")[1]) + 1;
      response.writeHead(206, { "content-range": `bytes 0-${end - 1}/${file.length}` });
      response.end(file.subarray(0, end));
    };
  const wrongLength: Misbehaviour = (response, file) => {
    response.writeHead(206, { "content-range": `bytes 0-65535/${file.length + 8}` });
    response.end(file.subarray(0, 65_536));
  };

  test.each<[string, string, Misbehaviour, string]>([
    ["404", CONFIG, status(404), "has no config.json"],
    ["500", TOKENIZER, status(500), "tokenizer.json could not be read: the server answered 500 to 3 tries"],
    ["403", WEIGHTS, status(403), "model.safetensors may not be read: the server answered 403"],
    ["no connection", WEIGHTS, (response) => void response.destroy(), "could not be reached in 3 tries"],
    ["cut at once", TOKENIZER, cutAfter(0), "tokenizer.json broke off after 0 bytes"],
    ["weights cut at once", WEIGHTS, onceStreaming(cutAfter(0)), "model.safetensors broke off after 0 bytes"],
    ["weights gone", WEIGHTS, onceStreaming(status(404)), "has no model.safetensors any more"],
    [
      "weights of a failing server",
      WEIGHTS,
      onceStreaming(status(503)),
      "the server answered 503 to 3 tries",
    ],
    [
      "a page for the weights",
      WEIGHTS,
      (response) => void response.writeHead(200, { "content-type": "text/html" }).end("<p>"),
      "has no model.safetensors",
    ],
    ["a wrong length", WEIGHTS, wrongLength, "the file goes on to byte"],
  ])("%s of %s", async (_, path, mood, message) => {
    server.misbehave.clear();
    server.misbehave.set(path, [mood]);
    await expectRefusal(source(), message);
  });
});

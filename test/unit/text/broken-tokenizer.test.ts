import { describe, expect, test } from "vitest";
import { ModelError } from "../../../src/errors.ts";
import { Tokenizer } from "../../../src/text/tokenizer.ts";
import { tinyTokenizer, tinyTokenizerConfig } from "../../support/tiny-tokenizer.ts";

type Json = Record<string, unknown>;

const whole = () => tinyTokenizer() as unknown as Json & { model: Json; added_tokens: Json[] };
const withModel = (fields: Json) => ({ ...whole(), model: { ...whole().model, ...fields } });
const withVocab = (fields: Json) => withModel({ vocab: { ...(whole().model.vocab as Json), ...fields } });
const withAdded = (...tokens: unknown[]) => ({
  ...whole(),
  added_tokens: [...whole().added_tokens, ...tokens],
});
const withDecoder = (decoder: unknown) => ({ ...whole(), decoder });
const without = (name: string) => Object.fromEntries(Object.entries(whole()).filter(([key]) => key !== name));
const unigram = (fields: Json) => ({
  ...whole(),
  model: { type: "Unigram", vocab: [["a", -1]], unk_id: 0, ...fields },
});
const writing = (name: string) => ({
  type: "TemplateProcessing",
  single: [{ SpecialToken: { id: name, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
});

describe("a broken tokenizer.json is refused by name", () => {
  test.each<[string, unknown, string]>([
    ["no object", [], "tokenizer.json: the file should be a JSON object; it is []"],
    ["null", null, "tokenizer.json: the file should be a JSON object; it is null"],
    ["no model", without("model"), "model should be an object; it is missing"],
    ["a model of the wrong type", { ...whole(), model: "BPE" }, 'model should be an object; it is "BPE"'],
    [
      "an unknown model",
      withModel({ type: "Magic" }),
      'model.type should be "BPE" or "Unigram"; it is "Magic"',
    ],
    ["a word model", withModel({ type: "WordPiece" }), 'it is "WordPiece"'],
    ["no vocabulary", withModel({ vocab: undefined }), "model.vocab should be an object of ids by token"],
    ["an empty vocabulary", withModel({ vocab: {}, merges: [] }), "model.vocab has no tokens"],
    [
      "a list for a vocabulary",
      withModel({ vocab: ["a"] }),
      'model.vocab should be an object of ids by token; it is ["a"]',
    ],
    ["a negative id", withVocab({ x1: -1 }), 'model.vocab["x1"] should be a whole number from 0 to'],
    ["a huge id", withVocab({ x1: 2 ** 40 }), "it is 1099511627776"],
    ["a broken id", withVocab({ x1: 0.5 }), "it is 0.5"],
    ["a text for an id", withVocab({ x1: "7" }), 'model.vocab["x1"] should be a whole number'],
    ["an id given twice", withVocab({ x1: 258 }), 'gives the id 258 to both "th" and "x1"'],
    [
      "an id hidden in __proto__",
      withModel(JSON.parse('{"vocab": {"__proto__": {"a": 1}}}')),
      'model.vocab["__proto__"]',
    ],
    [
      "no merges",
      withModel({ merges: undefined, type: "BPE" }),
      "model.merges should be a list; it is missing",
    ],
    ["a merge of one", withModel({ merges: ["t"] }), 'model.merges[0] should be two tokens; it is "t"'],
    ["a merge of three", withModel({ merges: [["t", "h", "e"]] }), "model.merges[0] should be two tokens"],
    [
      "a merge of a number",
      withModel({ merges: ["t h", 7] }),
      "model.merges[1] should be two tokens; it is 7",
    ],
    [
      "a merge into nothing",
      withModel({ merges: ["x y"] }),
      'makes "xy", which model.vocab does not contain',
    ],
    [
      "an unknown unk_token",
      withModel({ unk_token: "<unk>" }),
      "model.unk_token should be null or a token of",
    ],
    [
      "a Unigram score missing",
      unigram({ vocab: [["a"]] }),
      "model.vocab[0] should be a token and its score",
    ],
    [
      "a Unigram unk_id too high",
      unigram({ unk_id: 1 }),
      "model.unk_id should be an index into model.vocab, below 1",
    ],
    [
      "a Unigram token twice",
      unigram({
        vocab: [
          ["a", -1],
          ["a", -2],
        ],
      }),
      'gives "a" both the id 0 and the id 1',
    ],
    [
      "Unigram with bytes",
      unigram({ byte_fallback: true }),
      "model.byte_fallback should be false in a Unigram model",
    ],
    [
      "added tokens of the wrong type",
      { ...whole(), added_tokens: {} },
      "added_tokens should be a list; it is {}",
    ],
    ["an added token of the wrong type", withAdded("x"), 'added_tokens[2] should be an object; it is "x"'],
    ["an added token without id", withAdded({ content: "x" }), "added_tokens[2].id should be a whole number"],
    [
      "an added token without text",
      withAdded({ id: 260, content: "" }),
      "added_tokens[2].content should be a text",
    ],
    [
      "a flag of the wrong type",
      withAdded({ id: 260, content: "x", special: 1 }),
      "special should be true or false; it is 1",
    ],
    [
      "an added id given twice",
      withAdded({ id: 256, content: "x" }),
      'gives the id 256 to both "<|begin|>" and "x"',
    ],
    [
      "an added token with two ids",
      withAdded({ id: 260, content: "th" }),
      '"th" has the id 260 in added_tokens and 258',
    ],
    ["no decoder", without("decoder"), "decoder should be an object; it is missing"],
    ["an unknown decoder", withDecoder({ type: "CTC" }), "decoder.type should be ByteLevel, ByteFallback"],
    ["decoders of the wrong type", withDecoder({ type: "Sequence" }), "decoder.decoders should be a list"],
    [
      "a broken decoder within",
      withDecoder({ type: "Sequence", decoders: [7] }),
      "decoder.decoders[0] should be an object",
    ],
    [
      "a decoder by regex",
      withDecoder({ type: "Replace", pattern: { Regex: "a" }, content: "" }),
      "decoder.pattern should be an object with a String",
    ],
    [
      "a decoder that strips the end",
      withDecoder({ type: "Strip", content: " ", stop: 1 }),
      "decoder.stop should be 0",
    ],
    [
      "an unknown normalizer",
      { ...whole(), normalizer: { type: "Rot13" } },
      "cannot be made: Unknown Normalizer type: Rot13",
    ],
    [
      "an unknown pre-tokenizer",
      { ...whole(), pre_tokenizer: { type: "Chop" } },
      "cannot be made: Unknown PreTokenizer type: Chop",
    ],
    [
      "a broken regex",
      { ...whole(), pre_tokenizer: { type: "Split", pattern: { Regex: "(" }, behavior: "Isolated" } },
      "cannot be made: Invalid regular expression",
    ],
    [
      "a normalizer without form",
      { ...whole(), normalizer: { type: "Replace", pattern: { String: 7 }, content: "" } },
      "cannot be made",
    ],
    [
      "a post-processor without a text",
      { ...whole(), post_processor: { type: "TemplateProcessing", single: [] } },
      "post_processor leaves out the text",
    ],
    [
      "an unknown post-processor",
      { ...whole(), post_processor: { type: "Bow" } },
      "cannot be made: Unknown PostProcessor type: Bow",
    ],
    [
      "a post-processor that writes no token",
      { ...whole(), post_processor: writing("<s>") },
      'post_processor writes "<s>", which is no special token',
    ],
    [
      "a post-processor without form",
      { ...whole(), post_processor: { type: "TemplateProcessing" } },
      "cannot be made: type is not iterable",
    ],
  ])("%s", (_, json, reason) => {
    const construct = () => new Tokenizer(json, tinyTokenizerConfig());
    expect(construct).toThrow(ModelError);
    expect(construct).toThrow(reason);
    expect(construct).toThrow(/Choose another model, or the file as this one's authors published it\.$/);
  });
});

describe("a broken tokenizer_config.json is refused by name", () => {
  test.each<[unknown, string]>([
    [[], "tokenizer_config.json: the file should be a JSON object; it is []"],
    ["x", 'the file should be a JSON object; it is "x"'],
    [{ bos_token: 7 }, "bos_token should be a token's text, or an object with its content; it is 7"],
    [{ eos_token: { text: "x" } }, "eos_token should be a token's text"],
    [{ add_bos_token: "yes" }, 'add_bos_token should be true or false; it is "yes"'],
    [{ additional_special_tokens: "x" }, "additional_special_tokens should be a list of tokens"],
    [{ additional_special_tokens: [7] }, "additional_special_tokens[0] should be a token's text"],
  ])("%j", (json, reason) => {
    const construct = () => new Tokenizer(whole(), json);
    expect(construct).toThrow(ModelError);
    expect(construct).toThrow(reason);
    expect(construct).toThrow(/Choose another model/);
  });

  test("a folder without one is not broken", () => {
    expect(new Tokenizer(whole(), undefined).encodePrompt("the").length).toBe(1);
  });
});

test("tokens named like the language's own properties are tokens like any other", () => {
  const json = withVocab(JSON.parse('{"__proto__": 260, "constructor": 261, "toString": 262}'));
  const tokenizer = new Tokenizer(json, tinyTokenizerConfig());
  expect(tokenizer.token(260)).toBe("__proto__");
  expect(tokenizer.token(261)).toBe("constructor");
  expect(({} as { a?: unknown }).a).toBeUndefined();
  expect(tokenizer.encodePrompt("constructor").every((id) => id < 260)).toBe(true);
});

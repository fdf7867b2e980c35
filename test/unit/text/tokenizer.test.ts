import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { Tokenizer } from "../../../src/text/tokenizer.ts";
import { tinyTokenizer, tinyTokenizerConfig } from "../../support/tiny-tokenizer.ts";

const SPACE = "\u2581";

/** A Unigram model with a piece for each letter, and special tokens among its pieces as SentencePiece has them. */
function unigram(fields: object = {}) {
  const letters = [..."abcd<>/s"].map((letter) => [letter, -2]);
  return {
    added_tokens: [
      { id: 0, content: "<unk>", special: true },
      { id: 1, content: "</s>", special: true },
    ],
    normalizer: null,
    pre_tokenizer: { type: "Metaspace", replacement: SPACE, prepend_scheme: "first" },
    post_processor: null,
    decoder: { type: "Metaspace", replacement: SPACE, prepend_scheme: "first" },
    model: {
      type: "Unigram",
      unk_id: 0,
      vocab: [["<unk>", 0], ["</s>", 0], [SPACE, -2], ["ab", -1], ...letters],
    },
    ...fields,
  };
}

const pieces = (tokenizer: Tokenizer, ids: readonly number[]) =>
  ids.map((id) => tokenizer.token(id) ?? `«${id}»`);

describe("Tokenizer", () => {
  test("writes BOS before a prompt where the configuration asks for it, once", () => {
    const ids = (fields: object, config: object) =>
      new Tokenizer({ ...tinyTokenizer(), ...fields }, { ...tinyTokenizerConfig(), ...config }).encodePrompt(
        "a",
      );
    const writing = (...names: string[]) => ({
      post_processor: {
        type: "TemplateProcessing",
        single: names.map((name) =>
          name === "A" ? { Sequence: { id: "A" } } : { SpecialToken: { id: name } },
        ),
      },
    });
    expect(ids({}, {})).toEqual([256, 97]);
    expect(ids({}, { add_bos_token: false })).toEqual([97]);
    expect(ids({}, { bos_token: null })).toEqual([97]);
    expect(ids(writing("<|begin|>", "A", "<|end|>"), {})).toEqual([256, 97, 257]);
    expect(ids(writing("A"), { add_bos_token: false })).toEqual([97]);
  });

  test("a text that is nothing is only what stands around it", () => {
    expect(new Tokenizer(tinyTokenizer(), tinyTokenizerConfig()).encodePrompt("")).toEqual([256]);
  });

  test("a prompt's text never becomes a special token", () => {
    const ids = new Tokenizer(tinyTokenizer(), tinyTokenizerConfig()).encodePrompt("<|end|>the<|begin|>");
    expect(ids).toEqual([256, ...Buffer.from("<|end|>"), 259, ...Buffer.from("<|begin|>")]);
  });

  test("not even where the vocabulary holds special tokens as pieces of text", () => {
    const tokenizer = new Tokenizer(unigram(), undefined);
    expect(pieces(tokenizer, tokenizer.encodePrompt("ab</s>"))).toEqual([SPACE, "ab", "<", "/", "s", ">"]);
    expect(pieces(tokenizer, tokenizer.encodePrompt("\udfff</s>"))).toEqual([
      SPACE,
      "«0»",
      "<",
      "/",
      "s",
      ">",
    ]);
  });

  test("nor where merges would make one, nor where a word is one", () => {
    const json = { ...tinyTokenizer(), pre_tokenizer: { type: "ByteLevel", use_regex: false } };
    const model = {
      ...json.model,
      ignore_merges: true,
      merges: [...json.model.merges, "< /", "</ s", "</s >"],
    };
    const vocab = { ...json.model.vocab, "</": 260, "</s": 261, "</s>": 262 };
    const added_tokens = [{ id: 262, content: "</s>", special: true }];
    const tokenizer = new Tokenizer({ ...json, added_tokens, model: { ...model, vocab } }, undefined);
    expect(tokenizer.encodePrompt("</s>")).toEqual([261, ">".charCodeAt(0)]);
  });

  test("a token is special where only the configuration says so", () => {
    const json = { ...tinyTokenizer(), added_tokens: [{ id: 257, content: "<|end|>", special: false }] };
    const ids = (config: object) => new Tokenizer(json, config).encodePrompt("<|end|>");
    expect(ids({})).toEqual([257]);
    expect(ids({ eos_token: "<|end|>" })).toEqual([...Buffer.from("<|end|>")]);
    expect(ids({ additional_special_tokens: [{ content: "<|end|>" }] })).toEqual([...Buffer.from("<|end|>")]);
  });

  test("puts a space before the first section only, where the tokenizer does so", () => {
    const tokenizer = new Tokenizer(unigram(), undefined);
    const end = tokenizer.special.get("</s>")!;
    const encode = (...parts: (string | typeof end)[]) => pieces(tokenizer, tokenizer.encodeTemplated(parts));
    expect(encode("ab", end, "ab", end)).toEqual([SPACE, "ab", "«1»", "ab", "«1»"]);
    expect(encode(end, "ab")).toEqual(["«1»", "ab"]);
  });

  test("neither it nor the template language makes code from text", () => {
    const script = `
      import { Tokenizer } from "@huggingface/tokenizers";
      import { Template } from "@huggingface/jinja";
      const evaluates = (() => { try { new Function("1"); return true; } catch { return false; } })();
      const ids = new Tokenizer(${JSON.stringify(tinyTokenizer())}, {}).encode("the").ids;
      console.log(JSON.stringify([evaluates, ids, new Template("{% for x in [1] %}{{ x }}{% endfor %}").render({})]));`;
    const flags = ["--disallow-code-generation-from-strings", "--input-type=module", "--eval", script];
    expect(JSON.parse(execFileSync(process.execPath, flags, { encoding: "utf8" }))).toEqual([
      false,
      [259],
      "1",
    ]);
  });
});

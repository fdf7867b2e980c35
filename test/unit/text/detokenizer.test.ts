import { afterEach, describe, expect, test, vi } from "vitest";
import { StreamingDetokenizer } from "../../../src/text/detokenizer.ts";
import { Tokenizer } from "../../../src/text/tokenizer.ts";
import { tinyTokenizer, tinyTokenizerConfig } from "../../support/tiny-tokenizer.ts";

const SPACE = "\u2581";

/** A tokenizer with the given tokens and decoders; ids count from 0. */
function decoding(tokens: readonly string[], ...decoders: object[]): Tokenizer {
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const decoder = { type: "Sequence", decoders };
  return new Tokenizer({ decoder, model: { type: "BPE", vocab, merges: [] } }, undefined);
}

/** What the tokens give one by one, and at the end. */
function stream(tokenizer: Tokenizer, ids: readonly number[]): string[] {
  const detokenizer = new StreamingDetokenizer(tokenizer);
  return [...ids.map((id) => detokenizer.push(id)), detokenizer.flush()];
}

const spaces = { type: "Replace", pattern: { String: SPACE }, content: " " };
const bytes = { type: "ByteFallback" };
const fuse = { type: "Fuse" };
const strip = { type: "Strip", content: " ", start: 1, stop: 0 };
const sentencePiece = [spaces, bytes, fuse, strip];

afterEach(() => vi.restoreAllMocks());

describe("StreamingDetokenizer", () => {
  const tiny = new Tokenizer(tinyTokenizer(), tinyTokenizerConfig());

  test("gives a character with the last of its bytes", () => {
    expect(stream(tiny, [...Buffer.from("é中😀")])).toEqual(["", "é", "", "", "中", "", "", "", "😀", ""]);
  });

  test("gives U+FFFD only for bytes that are no text", () => {
    expect(stream(tiny, [0xc3, 0x28])).toEqual(["", "\ufffd(", ""]);
    expect(stream(tiny, [0xf0, 0x9f, 0x98])).toEqual(["", "", "", "\ufffd"]);
    expect(stream(tiny, [0xff])).toEqual(["\ufffd", ""]);
  });

  test("special tokens and ids without a token leave no text, and do not part a character", () => {
    expect(stream(tiny, [256, 97, 257, 263, 0xc3, 257, 0xa9])).toEqual(["", "a", "", "", "", "", "é", ""]);
  });

  test("a byte order mark is text", () => {
    expect(stream(tiny, [0xef, 0xbb, 0xbf, 97]).join("")).toBe("\ufeffa");
    const byFallback = decoding(["<0xEF>", "<0xBB>", "<0xBF>"], ...sentencePiece);
    expect(stream(byFallback, [0, 1, 2]).join("")).toBe("\ufeff");
  });

  test("an added token stands for its own characters, and ends what came before", () => {
    const added_tokens = [{ id: 260, content: "<é>", special: false }];
    const tokenizer = new Tokenizer({ ...tinyTokenizer(), added_tokens }, undefined);
    expect(stream(tokenizer, [0xc3, 260])).toEqual(["", "\ufffd<é>", ""]);
  });

  test("SentencePiece: removes the first space of the text and no other", () => {
    const tokenizer = decoding([`${SPACE}a`, SPACE, "b"], ...sentencePiece);
    expect(stream(tokenizer, [0, 0, 1, 2])).toEqual(["a", " a", " ", "b", ""]);
    expect(stream(tokenizer, [1, 1, 0])).toEqual(["", " ", " a", ""]);
    expect(stream(tokenizer, [2, 0])).toEqual(["b", " a", ""]);
  });

  test("SentencePiece: joins bytes, and ends them with the next token", () => {
    const tokenizer = decoding(["<0xC3>", "<0xA9>", "x", "<0x4>"], ...sentencePiece);
    expect(stream(tokenizer, [0, 1, 2])).toEqual(["", "é", "x", ""]);
    expect(stream(tokenizer, [0, 2])).toEqual(["", "\ufffdx", ""]);
    expect(stream(tokenizer, [2, 0])).toEqual(["x", "", "\ufffd"]);
    expect(stream(tokenizer, [3])).toEqual(["<0x4>", ""]);
  });

  test("strips each token where that comes before they are one text", () => {
    const tokenizer = decoding([" a", "  b"], strip, fuse);
    expect(stream(tokenizer, [0, 1, 0])).toEqual(["a", " b", "a", ""]);
  });

  test("Metaspace: a space may stand before the text, or may not", () => {
    const meta = { type: "Metaspace", replacement: SPACE };
    expect(stream(decoding([`${SPACE}a`], meta), [0, 0])).toEqual(["a", " a", ""]);
    expect(stream(decoding([`${SPACE}a`], { ...meta, prepend_scheme: "never" }), [0, 0])).toEqual([
      " a",
      " a",
      "",
    ]);
  });

  test("the work of a token does not grow with the text before it", () => {
    const decode = vi.spyOn(TextDecoder.prototype, "decode");
    const token = vi.spyOn(tiny, "token");
    const detokenizer = new StreamingDetokenizer(tiny);
    const work: string[] = [];
    for (let i = 0; i < 5000; i++) {
      decode.mockClear();
      token.mockClear();
      const text = detokenizer.push(i % 3 === 0 ? 97 : i % 3 === 1 ? 0xc3 : 0xa9);
      const byteCounts = decode.mock.calls.map(([input]) => (input as Uint8Array).length);
      if (i % 3 === 2) work.push(JSON.stringify([text, byteCounts, token.mock.calls.length]));
    }
    expect(new Set(work)).toEqual(new Set(['["é",[1],1]']));
  });
});

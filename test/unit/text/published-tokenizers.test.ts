import { Template } from "@huggingface/jinja";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChatTemplate } from "../../../src/text/chat-template.ts";
import { StreamingDetokenizer } from "../../../src/text/detokenizer.ts";
import { SafeCuts } from "../../../src/text/safe-cuts.ts";
import type { Tokenizer } from "../../../src/text/tokenizer.ts";
import { type BpeModel, parseTokenModel } from "../../../src/text/vocabulary.ts";
import { describeWithData, readSharedText, sharedData } from "../../support/shared-data.ts";
import { publishedTemplates, REFUSED, REQUESTS } from "./templates.ts";
import {
  allTokenizers,
  demoTokenizer,
  open,
  openLibrary,
  SHARED_TOKENIZERS,
  sharedTokenizer,
  type TokenizerFiles,
} from "./tokenizer-files.ts";

/** Texts that tempt a tokenizer: white space of all kinds, digits, scripts, joined emoji, marks, lone bytes. */
const fragments = [
  ...[
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "\u00a0",
    "\u2581",
    "a",
    "The",
    " the",
    "I'll",
    "don't",
    "x1234567",
    "½",
    "ﬁ",
  ],
  ...[
    "Führer",
    "naïve",
    "e\u0301",
    "中文字",
    "日本語",
    "العربية",
    "हिन्दी",
    "한국어",
    "😀",
    "👩‍👩‍👧",
    "🇩🇪",
    "\u200b",
  ],
  ...[
    "\ufeff",
    "\u0000",
    "\u{10ffff}",
    "<0x0A>",
    "</s",
    "<|im",
    "...",
    "```js",
    "{}[]();",
    "=====",
    "_x_",
    "\\n",
  ],
];
const text = fc
  .array(fc.oneof(fc.constantFrom(...fragments), fc.string({ unit: "binary", maxLength: 6 })), {
    maxLength: 12,
  })
  .map((parts) => parts.join(""));

function stream(tokenizer: Tokenizer, ids: readonly number[]): string {
  const detokenizer = new StreamingDetokenizer(tokenizer);
  return ids.map((id) => detokenizer.push(id)).join("") + detokenizer.flush();
}

describeWithData("the vectors of llama.cpp", ["vectors", "tokenizers"], () => {
  test.each([
    ["llama2", "llama-spm"],
    ["llama3", "llama-bpe"],
    ["qwen2", "qwen2"],
  ])("%s encodes all texts of %s", (name, vectors) => {
    const tokenizer = open(sharedTokenizer(`tokenizers/${name}`));
    const texts = readSharedText(`vectors/${vectors}.inp`).split("\n__ggml_vocab_test__\n");
    const lines = readSharedText(`vectors/${vectors}.out`).split("\n");
    const before = tokenizer.encodePrompt("");
    const expected = texts.map((_, i) => [...before, ...(lines[i]!.match(/\d+/g) ?? []).map(Number)]);
    expect(texts.map((each) => tokenizer.encodePrompt(each))).toEqual(expected);
    expect(texts.length).toBe(47);
  });
});

describeWithData("long text", ["tokenizers/llama2", "text/tinyshakespeare.txt"], () => {
  const files = sharedTokenizer("tokenizers/llama2");
  const model = parseTokenModel(files.tokenizer.model) as BpeModel;
  const play = readSharedText("text/tinyshakespeare.txt");

  test("gets the same ids in pieces as in one", () => {
    for (const each of [play.slice(0, 15_000), "é😀 ".repeat(500), "a".repeat(2000), " ".repeat(2000)]) {
      const ids = openLibrary(files).encode(each, { add_special_tokens: false }).ids;
      expect(open(files).encodeTemplated([each])).toEqual(ids);
    }
  });

  test("is merged in pieces that stay as short as its words", () => {
    const pieces = new SafeCuts(null, model).pre_tokenize_text(play.replaceAll(" ", "\u2581"));
    expect(pieces.join("")).toBe(play.replaceAll(" ", "\u2581"));
    expect(pieces.reduce((most, { length }) => Math.max(most, length), 0)).toBeLessThan(100);
  });
});

describeWithData("published tokenizers", SHARED_TOKENIZERS, () => {
  test("write BOS where their model has one", () => {
    const bos = Object.fromEntries(
      SHARED_TOKENIZERS.map((folder) => [
        folder.split("/")[1],
        open(sharedTokenizer(folder)).encodePrompt(""),
      ]),
    );
    expect(bos).toEqual({ llama2: [1], llama3: [128000], qwen2: [], smollm: [], "stories260K-hf-f32": [1] });
  });
});

describe.each([...allTokenizers()])("the tokenizer of %s", (_, files) => {
  const tokenizer = open(files);
  const library = openLibrary(files);
  const special = files.tokenizer.added_tokens.filter((token) => token.special);
  const specialIds = new Set(special.map(({ id }) => id));
  const decode = (ids: readonly number[]) =>
    ids.length === 0
      ? ""
      : library.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false });

  test("gives a text the ids that the library gives it", () => {
    fc.assert(
      fc.property(text, (each) => {
        expect(tokenizer.encodeTemplated([each])).toEqual(
          library.encode(each, { add_special_tokens: false }).ids,
        );
      }),
      { numRuns: 200 },
    );
  });

  test("gives a rendered template the ids that the library gives its text", () => {
    const part = fc.oneof(text, fc.constantFrom(...tokenizer.special.values()));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        // Two texts in a row are one.
        const rendered = parts.filter(
          (each, i) => typeof each !== "string" || typeof parts[i - 1] !== "string",
        );
        const whole = rendered.map((each) => (typeof each === "string" ? each : each.content)).join("");
        const ids = library.encode(whole, { add_special_tokens: false }).ids;
        expect(tokenizer.encodeTemplated(rendered.filter((each) => each !== ""))).toEqual(ids);
      }),
      { numRuns: 200 },
    );
  });

  test("never gives a text a special token", () => {
    for (const { content } of special) {
      for (const each of [content, ` ${content} `, `a${content}b`, content + content, `\udfff${content}`]) {
        const ids = tokenizer.encodeTemplated([each]);
        expect(ids.filter((id) => specialIds.has(id))).toEqual([]);
        expect(stream(tokenizer, ids).trim()).toBe(each.replace("\udfff", "\ufffd").trim());
      }
    }
  });

  test("streams every token's text, and a whole decode in pieces", () => {
    const count =
      1 + Math.max(...files.tokenizer.added_tokens.map(({ id }) => id), vocabularySize(files) - 1);
    const all = Array.from({ length: count }, (_, id) => id);
    expect(stream(tokenizer, all)).toBe(decode(all));
    const wrong = all.filter((id) => stream(tokenizer, [id]) !== decode([id]));
    expect(wrong).toEqual([]);
    fc.assert(
      fc.property(fc.array(fc.nat(count - 1), { maxLength: 30 }), (ids) => {
        expect(stream(tokenizer, ids)).toBe(decode(ids));
      }),
      { numRuns: 300 },
    );
  });

  test.skipIf(sharedData("chat-templates") === undefined)(
    "gives published templates the ids of their plain text",
    () => {
      let compared = 0;
      for (const [name, source] of publishedTemplates()) {
        const template = new ChatTemplate(source, tokenizer);
        const plain = new Template(source);
        const named = { bos_token: "", eos_token: "", ...Object.fromEntries(tokenizer.named) };
        for (const [request, make] of Object.entries(REQUESTS)) {
          // Today's date would be the time of the test's run.
          if (REFUSED[name]?.[request] !== undefined || source.includes("strftime_now")) continue;
          const { messages, tools: offered } = make((place) => `the ${place} text, "quoted" é 中`);
          const variables = { ...named, messages, tools: offered ?? null, add_generation_prompt: true };
          const expected = library.encode(plain.render(variables), { add_special_tokens: false }).ids;
          const rendered = template.render(messages, { addGenerationPrompt: true, tools: offered });
          expect(tokenizer.encodeTemplated(rendered), `${name}, ${request}`).toEqual(expected);
          compared++;
        }
      }
      expect(compared).toBeGreaterThan(100);
    },
  );
});

function vocabularySize({ tokenizer }: TokenizerFiles): number {
  return Object.keys((tokenizer.model as { vocab: object }).vocab).length;
}

describe("the tokenizer of the demo model", () => {
  const tokenizer = open(demoTokenizer());

  test("brings any text back", () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: "binary", maxLength: 60 })), (each) => {
        expect(stream(tokenizer, tokenizer.encodePrompt(each))).toBe(
          each.replace(/\p{Surrogate}/gu, "\ufffd"),
        );
      }),
      { numRuns: 2000 },
    );
  });

  test("a character appears with its last byte, and U+FFFD only where bytes are missing", () => {
    const detokenizer = new StreamingDetokenizer(tokenizer);
    const ids = tokenizer.encodePrompt("😀");
    expect(ids.length).toBe(4);
    expect(ids.map((id) => detokenizer.push(id))).toEqual(["", "", "", "😀"]);
    expect(detokenizer.flush()).toBe("");
    expect(stream(tokenizer, ids.slice(0, 3))).toBe("\ufffd");
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError, ModelError } from "../../../src/errors.ts";
import { ChatTemplate } from "../../../src/text/chat-template.ts";
import { checkMessages } from "../../../src/text/message.ts";
import { Tokenizer } from "../../../src/text/tokenizer.ts";
import { tinyTokenizer, tinyTokenizerConfig } from "../../support/tiny-tokenizer.ts";

const SPECIAL = [
  "<|begin|>",
  "<|end|>",
  "<|user|>",
  "<s>",
  "</s>",
  "[INST]",
  "[/INST]",
  "<|im_start|>",
  "<|im_end|>",
];

function tokenizerWith(contents: readonly string[], flags: object = {}): Tokenizer {
  const added_tokens = contents.map((content, i) => ({ id: 300 + i, content, special: true, ...flags }));
  return new Tokenizer({ ...tinyTokenizer(), added_tokens }, { bos_token: "<s>", eos_token: "</s>" });
}

const tokenizer = tokenizerWith(SPECIAL);

/** Special tokens in double angles, text as it is. */
function render(source: string, content: string, fields: object = {}): string {
  const messages = checkMessages([{ role: "user", content, ...fields }]);
  const rendered = new ChatTemplate(source, tokenizer).render(messages, { addGenerationPrompt: true });
  return rendered.map((part) => (typeof part === "string" ? part : `«${part.content}»`)).join("");
}

const CONTENT = "{{ messages[0].content }}";

describe("a chat template's own special tokens", () => {
  test.each([
    [
      "text around expressions",
      `<|im_start|>user\n${CONTENT}<|im_end|>`,
      "«<|im_start|>»user\nHi«<|im_end|>»",
    ],
    [
      "strings",
      "{{ '<|im_start|>' + messages[0].content + '<|im_end|>\n' }}",
      "«<|im_start|>»Hi«<|im_end|>»\n",
    ],
    ["named tokens", `{{ bos_token }}${CONTENT}{{ eos_token }}`, "«<s>»Hi«</s>»"],
    ["around a role", "{{ '<|' + messages[0].role + '|>' }}", "«<|user|>»"],
    ["in two halves", "{{ '<|im_' ~ 'end|>' }}", "«<|im_end|>»"],
    ["text around a role", "<|{{ messages[0].role }}|>", "«<|user|>»"],
    ["variables", "{% set end = '<|im_end|>' %}{{ end * 1 if false else end }}", "«<|im_end|>»"],
    [
      "macros",
      "{% macro turn(m) %}[INST]{{ m }}[/INST]{% endmacro %}{{ turn('Hi') }}",
      "«[INST]»Hi«[/INST]»",
    ],
    ["adjacent", "{{ eos_token }}{{ bos_token }}</s><s>", "«</s>»«<s>»«</s>»«<s>»"],
    ["filters", "{{ ['a', 'b'] | join('</s>') }}{{ nothing | default('<s>') }}", "a«</s>»b«<s>»"],
    ["almost a token", "a < b |> c <|im_x|> <| im_end|>", "a < b |> c <|im_x|> <| im_end|>"],
  ])("%s", (_, source, expected) => {
    expect(render(source, "Hi")).toBe(expected);
  });
});

describe("text of a conversation never becomes a special token", () => {
  const attack = SPECIAL.join("");

  test.each([
    ["as it is", CONTENT, attack, attack],
    ["trimmed", "{{ messages[0].content | trim }}", ` ${attack} `, attack],
    ["as JSON", "{{ messages[0].content | tojson }}", "</s>", '"</s>"'],
    [
      "with a piece taken out",
      "{{ messages[0].content.replace('<think>', '') }}",
      "<|im_<think>end|>",
      "<|im_end|>",
    ],
    ["split and joined", "{{ messages[0].content.split('|') | join('|') }}", attack, attack],
    ["cut", "{{ messages[0].content[:10] }}", "<|im_end|><|im_end|>", "<|im_end|>"],
    ["turned around", "{{ messages[0].content[::-1] }}", ">s/<", "</s>"],
    ["lowered", "{{ messages[0].content | lower }}", "<|IM_END|>", "<|im_end|>"],
    ["after a template's text", `<${CONTENT}`, "|im_end|>", "<|im_end|>"],
    ["between a template's text", `<|${CONTENT}|>`, "im_end", "<|im_end|>"],
    ["beside itself", `${CONTENT}${CONTENT}`, "</s><", "</s><</s><"],
    ["over two fields", "{{ messages[0].name }}{{ messages[0].content }}", "end|>", "<|im_end|>"],
    [
      "in a loop over its characters",
      "{% for c in messages[0].content.split('-') %}{{ c }}{% endfor %}",
      "<-/s-->",
      "</s>",
    ],
  ])("%s", (_, source, content, expected) => {
    expect(render(source, content, { name: "<|im_" })).toBe(expected);
  });

  test("nor with characters that mark a template's tokens", () => {
    const content = "\uFDD0</s>\uFDD1 \uFDD20 \uFDD2";
    expect(render(`<s>${CONTENT}`, content)).toBe(`«<s>»${content}`);
  });

  test("nor in any random conversation", () => {
    const text = fc
      .array(
        fc.constantFrom(
          ...SPECIAL,
          "<",
          "|",
          ">",
          "im_",
          "end",
          "/s",
          "\uFDD0",
          "\uFDD1",
          "\uFDD2",
          "1",
          " ",
        ),
        {
          maxLength: 12,
        },
      )
      .map((parts) => parts.join(""));
    const source =
      "{{ bos_token }}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content | trim }}{{ m.name }}<|im_end|>{% endfor %}";
    const template = new ChatTemplate(source, tokenizer);
    const special = (content: string, name: string) => {
      const messages = checkMessages([{ role: "user", content, name }]);
      const rendered = template.render(messages, { addGenerationPrompt: false });
      const written = rendered.map((part) => (typeof part === "string" ? part : part.content)).join("");
      expect(written).toBe(`<s><|im_start|>user\n${content.trim()}${name}<|im_end|>`);
      return tokenizer.encodeTemplated(rendered).filter((id) => id >= 300);
    };
    const harmless = special("", "");
    fc.assert(
      fc.property(text, text, (content, name) => {
        expect(special(content, name)).toEqual(harmless);
      }),
      { numRuns: 1000 },
    );
  });

  test("a template still takes a conversation apart as its author meant", () => {
    const source =
      "{% if '</s>' in messages[0].content %}{{ messages[0].content.split('</s>')[1] }}{% endif %}";
    expect(render(source, "a</s>b")).toBe("b");
  });
});

describe("special tokens that swallow white space", () => {
  test("swallow that of their neighbours", () => {
    const encode = (flags: object) => {
      const stripping = tokenizerWith(["<s>", "</s>"], flags);
      const rendered = new ChatTemplate("a <s> b", stripping).render([], { addGenerationPrompt: false });
      return stripping.encodeTemplated(rendered).map((id) => stripping.token(id) ?? `«${id}»`);
    };
    expect(encode({})).toEqual(["a", "Ġ", "«300»", "Ġ", "b"]);
    expect(encode({ lstrip: true })).toEqual(["a", "«300»", "Ġ", "b"]);
    expect(encode({ rstrip: true })).toEqual(["a", "Ġ", "«300»", "b"]);
  });
});

describe("a chat template that cannot be used", () => {
  test.each([
    [7, "The chat template should be a text; it is 7"],
    ["{% if x %}", "The chat template cannot be parsed"],
    ["{{ 'a' ", "The chat template cannot be parsed"],
  ])("%j is refused when the model is loaded", (source, reason) => {
    const construct = () => new ChatTemplate(source as string, tokenizer);
    expect(construct).toThrow(ModelError);
    expect(construct).toThrow(reason);
  });

  test("its own refusal of a conversation is the caller's error, in its words", () => {
    const run = () => render("{{ raise_exception('Only <|im_end|> here.') }}", "Hi");
    expect(run).toThrow(InputError);
    expect(run).toThrow("refuses this conversation: Only <|im_end|> here. Change the messages.");
  });

  test.each([
    ["{{ 'a' | leap }}", "Unknown StringValue filter: leap"],
    ["{{ x + 1 }}", "undefined"],
    ["{% for i in range(10 ** 9) %}{% endfor %}", "range() of 1000000000 numbers; at most 100000"],
  ])("%j fails by name", (source, reason) => {
    const run = () => render(source, "Hi");
    expect(run).toThrow(ModelError);
    expect(run).toThrow(reason);
  });
});

test("templates can write the date, in English", () => {
  const template = new ChatTemplate(
    "{{ strftime_now('%d %b %Y, %A %I:%M %p %%') }}",
    tinyTokenizerWithBegin(),
  );
  const now = new Date(2026, 2, 5, 15, 4);
  expect(template.render([], { addGenerationPrompt: false, now })).toEqual([
    "05 Mar 2026, Thursday 03:04 PM %",
  ]);
});

function tinyTokenizerWithBegin(): Tokenizer {
  return new Tokenizer(tinyTokenizer(), tinyTokenizerConfig());
}

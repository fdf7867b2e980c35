import { describe, expect, test } from "vitest";
import { ChatTemplate } from "../../../src/text/chat-template.ts";
import { Tokenizer } from "../../../src/text/tokenizer.ts";
import { describeWithData } from "../../support/shared-data.ts";
import { publishedTemplates, REFUSED, REQUESTS } from "./templates.ts";
import { demoTokenizer } from "./tokenizer-files.ts";

/** Everything in a template that looks like a special token, as if its model had them all. */
function tokenizerFor(source: string): Tokenizer {
  const found =
    source.match(/<\/?[|｜][^<>\s'"{}]{1,40}[|｜]>|<(start|end)_of_turn>|\[\/?[A-Z_]{3,}\]|<\/?s>/g) ?? [];
  const { tokenizer, config } = demoTokenizer();
  const special = [...new Set([...found, "<s>", "</s>"])];
  const added_tokens = special.map((content, i) => ({ id: 2000 + i, content, special: true }));
  return new Tokenizer({ ...tokenizer, added_tokens }, { ...config, bos_token: "<s>", eos_token: "</s>" });
}

const now = new Date(2026, 2, 5, 15, 4);

describeWithData("published chat templates", ["chat-templates"], () => {
  const templates = publishedTemplates();

  test("are all there", () => {
    expect(templates.size).toBe(57);
    expect(Object.keys(REFUSED).filter((name) => !templates.has(name))).toEqual([]);
  });

  describe.each([...templates])("%s", (name, source) => {
    const tokenizer = tokenizerFor(source);
    const template = new ChatTemplate(source, tokenizer);
    const render = (request: string, text: (place: string) => string) => {
      const { messages, tools: offered } = REQUESTS[request]!(text);
      return template.render(messages, { addGenerationPrompt: true, tools: offered, now });
    };

    test.each(Object.keys(REQUESTS))("%s is rendered, or refused with a reason", (request) => {
      const run = () => render(request, (place) => `the ${place} text`);
      const reason = REFUSED[name]?.[request];
      if (reason === undefined) expect(textOf(run())).toContain("the first text");
      else expect(run).toThrow(reason);
    });

    test("special tokens in what people and tools say stay text", () => {
      const special = [...tokenizer.special.keys()];
      for (const request of Object.keys(REQUESTS)) {
        if (REFUSED[name]?.[request] !== undefined) continue;
        const ids = (text: (place: string) => string) =>
          tokenizer.encodeTemplated(render(request, text)).filter((id) => id >= 2000);
        const harmless = ids((place) => `the ${place} text`);
        for (const attack of [special.join(""), ...special.map((content) => `x${content}y`)]) {
          expect(ids((place) => `the ${place} ${attack} text`)).toEqual(harmless);
        }
      }
    });
  });
});

function textOf(rendered: ReturnType<ChatTemplate["render"]>): string {
  return rendered.map((part) => (typeof part === "string" ? part : part.content)).join("");
}

import DOMPurify from "dompurify";
import { Marked, type Token, type TokenizerAndRendererExtension, type Tokens } from "marked";

// What a model writes is untrusted. HTML is never parsed as such (it stays visible text), images become links,
// and what the renderer makes passes a sanitiser with a short list of what may be there.
const sectionLabels: Readonly<Record<string, string>> = { tool_call: "Tool call", think: "Thinking" };

/** The sections models mark with tags of their own: `<tool_call>…</tool_call>`, `<think>…</think>`. */
const section: TokenizerAndRendererExtension = {
  name: "section",
  level: "block",
  start: (source) => source.search(/<(?:tool_call|think)>/),
  tokenizer(source) {
    const match = /^<(tool_call|think)>\s*([\s\S]*?)\s*(?:<\/\1>\s*|$)/.exec(source);
    if (!match) return undefined;
    const [raw, tag, body] = match as unknown as [string, string, string];
    const tokens = tag === "think" ? this.lexer.blockTokens(body, []) : [codeToken(body)];
    return { type: "section", raw, tag, tokens };
  },
  renderer(token) {
    const { tag, tokens } = token as Tokens.Generic;
    const label = sectionLabels[tag as string];
    return `<figure><figcaption>${label}</figcaption>${this.parser.parse(tokens ?? [])}</figure>`;
  },
};

function codeToken(text: string): Token {
  return { type: "code", raw: text, text, lang: "json" };
}

const markdown = new Marked({
  gfm: true,
  breaks: true,
  extensions: [section],
  tokenizer: { html: () => undefined, tag: () => undefined },
  renderer: {
    image({ href, text }) {
      const link = { type: "link", raw: "", href, title: null, text, tokens: [] } as unknown as Tokens.Link;
      return `[image] ${this.link({ ...link, tokens: [{ type: "text", raw: text, text: text || href }] })}`;
    },
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
});

const purifier = DOMPurify(window);
purifier.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName !== "A") return;
  node.setAttribute("rel", "noopener noreferrer");
  node.setAttribute("target", "_blank");
});

const textTags = "p br strong em del code pre blockquote hr ul ol li a figure figcaption";
const headingAndTableTags = "h1 h2 h3 h4 h5 h6 table thead tbody tr th td";

function sanitise(html: string): DocumentFragment {
  return purifier.sanitize(html, {
    ALLOWED_TAGS: [...textTags.split(" "), ...headingAndTableTags.split(" "), "#text"],
    ALLOWED_ATTR: ["href", "title", "start", "align"],
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
    ALLOW_ARIA_ATTR: false,
    ALLOW_DATA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
}

interface Block {
  readonly raw: string;
  readonly node: HTMLElement;
}

/**
 * Shows markdown that grows. A frame parses only from the last block on (all before it is final) and replaces
 * only the blocks whose source changed, so the cost of a token does not grow with the answer, and a selection
 * in what is already there survives.
 */
export class MarkdownView {
  readonly #container: HTMLElement;
  #blocks: Block[] = [];
  /** Length of the text in blocks that can no longer change. */
  #settledLen = 0;
  #settledCount = 0;

  constructor(container: HTMLElement) {
    this.#container = container;
  }

  /** Shows `text`, which must continue what was shown before. */
  update(text: string): void {
    const tokens = markdown.lexer(text.slice(this.#settledLen));
    tokens.forEach((token, index) => {
      this.#show(this.#settledCount + index, token);
    });
    this.#trim(this.#settledCount + tokens.length);
    const open = tokens.findLastIndex((token) => token.type !== "space");
    for (const token of tokens.slice(0, Math.max(open, 0))) {
      this.#settledLen += token.raw.length;
      this.#settledCount++;
    }
  }

  /** Shows the whole of a finished `text`, with what only the whole can tell (link definitions). */
  finish(text: string): void {
    this.#settledLen = 0;
    this.#settledCount = 0;
    const tokens = markdown.lexer(text);
    tokens.forEach((token, index) => {
      this.#show(index, token);
    });
    this.#trim(tokens.length);
  }

  #show(index: number, token: Token): void {
    const known = this.#blocks[index];
    if (known?.raw === token.raw) return;
    const node = document.createElement("div");
    node.append(sanitise(markdown.parser([token])));
    if (known) known.node.replaceWith(node);
    else this.#container.append(node);
    this.#blocks[index] = { raw: token.raw, node };
  }

  #trim(count: number): void {
    for (const { node } of this.#blocks.splice(count)) node.remove();
  }
}

import type { SpecialToken } from "./special-tokens.ts";
import type { Rendered } from "./tokenizer.ts";

/**
 * Marks, in a chat template's own strings, what may become a special token, so that after rendering the
 * template's words can be told from those of the conversation.
 *
 * Marking the template rather than the conversation leaves user text as it is for everything a template does to
 * it (splitting, trimming, comparing), and nothing that a template does to it can make it a special token. The
 * marks are two of Unicode's noncharacters; a conversation that holds them is escaped.
 */
export class TemplateMarks {
  readonly #special: ReadonlyMap<string, SpecialToken>;
  /** Each special token; longest first, because one may begin another. */
  readonly #whole: RegExp | undefined;
  readonly #beginnings: ReadonlySet<string>;
  readonly #ends: ReadonlySet<string>;
  readonly #longest: number;

  constructor(special: ReadonlyMap<string, SpecialToken>) {
    this.#special = special;
    const contents = [...special.keys()].sort((a, b) => b.length - a.length);
    if (contents.length > 0) this.#whole = new RegExp(contents.map(escapeRegExp).join("|"), "g");
    this.#longest = contents[0]?.length ?? 0;
    const cuts = (content: string) => Array.from({ length: content.length - 1 }, (_, i) => i + 1);
    this.#beginnings = new Set(contents.flatMap((content) => cuts(content).map((i) => content.slice(0, i))));
    this.#ends = new Set(contents.flatMap((content) => cuts(content).map((i) => content.slice(i))));
  }

  /** A string of the template's, with marks around its special tokens and around parts of one at its ends. */
  mark(text: string): string {
    if (!this.#whole) return text;
    const parts: string[] = [];
    let end = 0;
    for (const { 0: content, index } of text.matchAll(this.#whole)) {
      parts.push(text.slice(end, index), OPEN + content + CLOSE);
      end = index + content.length;
    }
    parts.push(text.slice(end));
    parts[0] = this.#markEnd(parts[0]!);
    parts[parts.length - 1] = this.#markBeginning(parts.at(-1)!);
    return parts.join("");
  }

  /** The parts of a rendered text: special tokens that the template wrote, and the texts between them. */
  read(marked: string): Rendered {
    const pieces = marked.split(PIECE).filter((piece) => piece !== "");
    const parts: (string | SpecialToken)[] = [];
    for (let i = 0; i < pieces.length; ) {
      const { token, length } = this.#tokenAt(pieces, i);
      const text = token ? undefined : withoutEscapes(unmark(pieces[i]!));
      if (token) parts.push(token);
      else if (typeof parts.at(-1) === "string") parts.push(`${parts.pop()}${text}`);
      else if (text) parts.push(text);
      i += length;
    }
    return parts;
  }

  /** The special token of a marked piece, or of two of them that stand together or around a role's name. */
  #tokenAt(pieces: readonly string[], i: number): { token: SpecialToken | undefined; length: number } {
    if (!isMarked(pieces[i])) return { token: undefined, length: 1 };
    const lengths = [1, ...(isMarked(pieces[i + 1]) ? [2] : [])];
    if (ROLES.has(pieces[i + 1] ?? "") && isMarked(pieces[i + 2])) lengths.push(3);
    for (const length of lengths) {
      const token = this.#special.get(unmark(pieces.slice(i, i + length).join("")));
      if (token) return { token, length };
    }
    return { token: undefined, length: 1 };
  }

  #markBeginning(text: string): string {
    for (let length = Math.min(text.length, this.#longest); length > 0; length--) {
      const part = text.slice(text.length - length);
      if (this.#beginnings.has(part)) return text.slice(0, text.length - length) + OPEN + part + CLOSE;
    }
    return text;
  }

  #markEnd(text: string): string {
    for (let length = Math.min(text.length, this.#longest); length > 0; length--) {
      const part = text.slice(0, length);
      if (this.#ends.has(part)) return OPEN + part + CLOSE + text.slice(length);
    }
    return text;
  }
}

const OPEN = "\uFDD0";
const CLOSE = "\uFDD1";
const ESCAPE = "\uFDD2";
const PIECE = /(\uFDD0[^\uFDD0\uFDD1]*\uFDD1)/;
/** A template may write a token around a role: `<|` + role + `|>`. */
const ROLES: ReadonlySet<string> = new Set(["system", "user", "assistant", "tool"]);

/** A string of a conversation's, without the characters that mark a template's strings. */
export function escapeMarks(text: string): string {
  return text.replace(/[\uFDD0-\uFDD2]/g, (mark) => ESCAPE + String(mark.charCodeAt(0) - 0xfdd0));
}

/** A marked string as its author wrote it. */
export function unmark(text: string): string {
  return text.replace(/[\uFDD0\uFDD1]/g, "");
}

function withoutEscapes(text: string): string {
  return text.replace(/\uFDD2([0-2])/g, (_, digit: string) => String.fromCharCode(0xfdd0 + Number(digit)));
}

function isMarked(piece: string | undefined): boolean {
  return piece?.startsWith(OPEN) ?? false;
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

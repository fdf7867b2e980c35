import { type DecoderStep, parseDecoder } from "./decoder.ts";
import { isObject, wrongField, wrongFile } from "./model-file.ts";
import { PlainText } from "./plain-text.ts";
import { parseAddedTokens, type SpecialToken } from "./special-tokens.ts";
import { parseTokenizerConfig, type SpecialName } from "./tokenizer-config.ts";
import { parseTokenModel } from "./vocabulary.ts";

/** A rendered chat template: texts, and the special tokens that the template itself wrote between them. */
export type Rendered = readonly (string | SpecialToken)[];

/** Text to token ids and back, as a model's `tokenizer.json` has it. Text never becomes a special token. */
export class Tokenizer {
  /** Special tokens by their content. */
  readonly special: ReadonlyMap<string, SpecialToken>;
  /** Contents of the special tokens that have a name, such as `bos_token`. */
  readonly named: ReadonlyMap<SpecialName, string>;
  /** How tokens become text again. */
  readonly decoder: readonly DecoderStep[];
  readonly #plain: PlainText;
  readonly #ordinaryIds: ReadonlySet<number>;
  readonly #before: readonly number[];
  readonly #after: readonly number[];

  /** Takes the parsed files; the configuration may be undefined. Raises a ModelError that names what is wrong. */
  constructor(tokenizerJson: unknown, tokenizerConfigJson: unknown) {
    if (!isObject(tokenizerJson)) throw wrongField(FILE, "the file", "a JSON object", tokenizerJson);
    const config = parseTokenizerConfig(tokenizerConfigJson ?? undefined);
    const model = parseTokenModel(tokenizerJson.model);
    const added = parseAddedTokens(tokenizerJson.added_tokens ?? [], model, config);
    this.decoder = parseDecoder(tokenizerJson.decoder);
    this.special = added.special;
    this.named = config.named;
    this.#ordinaryIds = new Set(added.ordinary.map(({ id }) => id as number));
    this.#plain = new PlainText(tokenizerJson, model, added, config);
    const { before, after } = this.#plain.frame;
    this.#before = before.map((name) => this.#frameId(name));
    this.#after = after.map((name) => this.#frameId(name));
    const bos = this.special.get(this.named.get("bos_token") ?? "")?.id;
    if (config.addBos && bos !== undefined && !this.#before.includes(bos)) {
      this.#before = [bos, ...this.#before];
    }
  }

  /** Ids of a text as it is, with what the model wants around it (BOS where it has one). */
  encodePrompt(text: string): number[] {
    return [...this.#before, ...this.#plain.encode(text, true), ...this.#after];
  }

  /** Ids of a rendered chat template, and nothing besides: the template writes BOS itself where it wants one. */
  encodeTemplated(rendered: Rendered): number[] {
    return rendered.flatMap((part, i) => {
      if (typeof part !== "string") return [part.id];
      return this.#plain.encode(stripped(part, rendered[i - 1], rendered[i + 1]), i === 0);
    });
  }

  /** A token as the vocabulary writes it; undefined for special tokens and for ids that stand for none. */
  token(id: number): string | undefined {
    return this.#plain.token(id);
  }

  /** Whether a token stands for its own characters, as added tokens do, and not for encoded ones. */
  isLiteral(id: number): boolean {
    return this.#ordinaryIds.has(id);
  }

  #frameId(name: string): number {
    const special = this.special.get(name);
    if (special) return special.id;
    throw wrongFile(FILE, `post_processor writes ${JSON.stringify(name)}, which is no special token`);
  }
}

const FILE = "tokenizer.json";

/** A text without the white space that its neighbours swallow. */
function stripped(
  text: string,
  left: string | SpecialToken | undefined,
  right: string | SpecialToken | undefined,
): string {
  const trimmed = typeof left === "object" && left.rstrip ? text.trimStart() : text;
  return typeof right === "object" && right.lstrip ? trimmed.trimEnd() : trimmed;
}

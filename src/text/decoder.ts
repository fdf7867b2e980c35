import { isObject, type JsonObject, wrongField } from "./model-file.ts";

const FILE = "tokenizer.json";

/** A step of the way from tokens to text; each sees what the one before it makes of a token. */
export type DecoderStep =
  /** Each character stands for a byte, in the alphabet of GPT-2. */
  | { readonly type: "byteLevel" }
  /** A token like `<0x0A>` stands for a byte. */
  | { readonly type: "byteFallback" }
  | { readonly type: "replace"; readonly pattern: string; readonly content: string }
  /** Removes up to `start` copies of a character from the beginning of each token, or of the whole text. */
  | { readonly type: "strip"; readonly content: string; readonly start: number; readonly perToken: boolean };

/** Reads the `decoder` of a `tokenizer.json`. Raises a ModelError for one that Quire does not know. */
export function parseDecoder(json: unknown): DecoderStep[] {
  const steps: DecoderStep[] = [];
  let perToken = true;
  for (const { field, value } of flatten(json, "decoder")) {
    if (value.type === "Fuse") perToken = false;
    else if (value.type === "Metaspace") steps.push(...parseMetaspace(value, field));
    else steps.push(parseStep(value, field, perToken));
  }
  return steps;
}

interface Part {
  readonly field: string;
  readonly value: JsonObject;
}

/** The decoders of a sequence in their order, with their places in the file. */
function flatten(json: unknown, field: string): Part[] {
  if (!isObject(json)) throw wrongField(FILE, field, "an object", json ?? undefined);
  if (json.type !== "Sequence") return [{ field, value: json }];
  if (!Array.isArray(json.decoders)) throw wrongField(FILE, `${field}.decoders`, "a list", json.decoders);
  return json.decoders.flatMap((each, i) => flatten(each, `${field}.decoders[${i}]`));
}

function parseStep(json: JsonObject, field: string, perToken: boolean): DecoderStep {
  switch (json.type) {
    case "ByteLevel":
      return { type: "byteLevel" };
    case "ByteFallback":
      return { type: "byteFallback" };
    case "Replace":
      return parseReplace(json, field, perToken);
    case "Strip":
      return parseStrip(json, field, perToken);
  }
  const known = "ByteLevel, ByteFallback, Fuse, Replace, Strip, Metaspace or Sequence";
  throw wrongField(FILE, `${field}.type`, known, json.type);
}

function parseReplace({ pattern, content }: JsonObject, field: string, perToken: boolean): DecoderStep {
  const text = isObject(pattern) ? pattern.String : undefined;
  if (typeof text !== "string" || text === "") {
    throw wrongField(FILE, `${field}.pattern`, "an object with a String", pattern);
  }
  // Behind Fuse the text comes in pieces, and a pattern could lie across two of them.
  if (!perToken && text.length > 1) throw wrongField(FILE, `${field}.pattern`, "one character", pattern);
  if (typeof content !== "string") throw wrongField(FILE, `${field}.content`, "a text", content);
  return { type: "replace", pattern: text, content };
}

function parseStrip(json: JsonObject, field: string, perToken: boolean): DecoderStep {
  const { content, start = 0, stop = 0 } = json;
  if (typeof content !== "string" || content.length !== 1) {
    throw wrongField(FILE, `${field}.content`, "one character", content);
  }
  if (!Number.isInteger(start) || (start as number) < 0) {
    throw wrongField(FILE, `${field}.start`, "a whole number from 0", start);
  }
  // The end of an answer is not known while it is streamed.
  if (stop !== 0) throw wrongField(FILE, `${field}.stop`, "0", stop);
  return { type: "strip", content, start: start as number, perToken };
}

/** SentencePiece's own: a mark for the space, one of which may stand before the text. */
function parseMetaspace(json: JsonObject, field: string): DecoderStep[] {
  const { replacement = "\u2581", prepend_scheme: scheme = "always" } = json;
  if (typeof replacement !== "string" || replacement === "") {
    throw wrongField(FILE, `${field}.replacement`, "a text", replacement);
  }
  const spaces: DecoderStep = { type: "replace", pattern: replacement, content: " " };
  return scheme === "never" ? [spaces] : [spaces, { type: "strip", content: " ", start: 1, perToken: false }];
}

import { Fields } from "./fields.ts";

/** How a model's authors mean it to be sampled, from a `generation_config.json`. Undefined: they do not say. */
export interface GenerationConfig {
  /** Tokens that end an answer. */
  readonly eosTokenIds: readonly number[];
  readonly bosTokenId: number | undefined;
  /** False: greedy, whatever the temperature. */
  readonly doSample: boolean | undefined;
  readonly temperature: number | undefined;
  /** 0: off. */
  readonly topK: number | undefined;
  readonly topP: number | undefined;
  readonly minP: number | undefined;
  readonly repetitionPenalty: number | undefined;
}

const MAX_TOKEN_ID = 2 ** 24;

/**
 * Reads a `generation_config.json`; `undefined` stands for a folder without one. Token ids that it leaves
 * out are those of `config.json`, as in Hugging Face transformers.
 */
export function parseGenerationConfig(generationConfig: unknown, config: unknown = {}): GenerationConfig {
  const fields = new Fields("generation_config.json", generationConfig ?? {});
  const fallback = new Fields("config.json", config);
  const number = (name: string, min: number, max: number) =>
    fields.get(name) === undefined ? undefined : fields.number(name, min, max);
  return {
    eosTokenIds: tokenIds(fields, "eos_token_id") ?? tokenIds(fallback, "eos_token_id") ?? [],
    bosTokenId: tokenId(fields, "bos_token_id") ?? tokenId(fallback, "bos_token_id"),
    doSample: fields.get("do_sample") === undefined ? undefined : fields.boolean("do_sample", false),
    temperature: number("temperature", 0, 100),
    topK: topK(fields),
    topP: number("top_p", 1e-6, 1),
    minP: number("min_p", 0, 1),
    repetitionPenalty: number("repetition_penalty", 1e-6, 100),
  };
}

/** Some files say -1 for off. */
function topK(fields: Fields): number | undefined {
  if (fields.get("top_k") === undefined) return undefined;
  return Math.max(0, fields.integer("top_k", -1, MAX_TOKEN_ID));
}

function tokenId(fields: Fields, name: string): number | undefined {
  return fields.get(name) === undefined ? undefined : fields.integer(name, 0, MAX_TOKEN_ID);
}

function tokenIds(fields: Fields, name: string): number[] | undefined {
  const value = fields.get(name);
  if (!Array.isArray(value)) {
    const id = tokenId(fields, name);
    return id === undefined ? undefined : [id];
  }
  const valid = value.every((id) => Number.isSafeInteger(id) && id >= 0 && id <= MAX_TOKEN_ID);
  if (!valid) throw fields.wrong(name, "a token id or a list of them");
  return value;
}

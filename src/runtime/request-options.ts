import { InputError } from "../errors.ts";
import type { RequestOptions } from "../protocol.ts";

/** Each option's form, where the part that uses it does not look at it anyway. */
const forms: Record<keyof RequestOptions, [form: string, fits: (value: unknown) => boolean] | undefined> = {
  temperature: undefined,
  topK: undefined,
  topP: undefined,
  minP: undefined,
  repetitionPenalty: undefined,
  presencePenalty: undefined,
  frequencyPenalty: undefined,
  seed: undefined,
  maxTokens: undefined,
  stop: undefined,
  tools: undefined,
  stopTokenIds: ["a list of token ids", isTokenIds],
  priority: ["a finite number", Number.isFinite],
  cacheSalt: ["a string", (value) => typeof value === "string"],
  speculate: ["true or false", (value) => typeof value === "boolean"],
  logprobs: ["true or false", (value) => typeof value === "boolean"],
};

/** Throws an InputError for an option that does not exist or has the wrong form. */
export function checkRequestOptions(options: unknown): asserts options is RequestOptions {
  if (typeof options !== "object" || options === null) {
    throw new InputError(`The options are ${String(options)}: expected an object.`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(forms, name)) {
      const known = Object.keys(forms).join(", ");
      throw new InputError(`There is no option ${name}. Leave it out, or use one of ${known}.`);
    }
    const [form, fits] = forms[name as keyof RequestOptions] ?? [];
    if (value === undefined || !fits || fits(value)) continue;
    const came = typeof value === "number" ? String(value) : JSON.stringify(value);
    throw new InputError(`${name} is ${came}: expected ${form}.`);
  }
}

function isTokenIds(value: unknown): boolean {
  return Array.isArray(value) && value.every((id) => Number.isInteger(id) && id >= 0);
}

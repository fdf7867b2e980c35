import { InputError } from "../errors.ts";
import type {
  AttentionMode,
  AttentionTuningChoice,
  KvType,
  LoadOptions,
  RecordingMode,
  RequestOptions,
  RunnerKind,
} from "../protocol.ts";

interface Form {
  readonly name: string;
  readonly fits: (value: unknown) => boolean;
}

/** The form of each option; `undefined` where the part that uses an option looks at it anyway. */
type Forms<Options> = Readonly<Record<keyof Options, Form | undefined>>;

const text: Form = { name: "a string", fits: (value) => typeof value === "string" };
const flag: Form = { name: "true or false", fits: (value) => typeof value === "boolean" };
const count: Form = {
  name: "a positive integer",
  fits: (value) => Number.isInteger(value) && Number(value) > 0,
};
const finite: Form = { name: "a finite number", fits: Number.isFinite };
const tokenIds: Form = {
  name: "a list of token ids",
  fits: (value) => Array.isArray(value) && value.every((id) => Number.isInteger(id) && id >= 0),
};

function oneOf<Name extends string>(names: Readonly<Record<Name, true>>): Form {
  const name = Object.keys(names)
    .map((each) => `"${each}"`)
    .join(" or ");
  return { name, fits: (value) => typeof value === "string" && Object.hasOwn(names, value) };
}

const requestForms: Forms<RequestOptions> = {
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
  stopTokenIds: tokenIds,
  priority: finite,
  cacheSalt: text,
  speculate: flag,
  logprobs: flag,
};

const loadForms: Forms<LoadOptions> = {
  model: text,
  baseUrl: text,
  contextLen: count,
  kvBudgetBytes: count,
  kvType: oneOf<KvType>({ f32: true, f16: true, int8: true }),
  maxSequences: count,
  recording: oneOf<RecordingMode>({
    none: true,
    piecewise: true,
    full: true,
    fullDecodeOnly: true,
    fullAndPiecewise: true,
  }),
  attention: oneOf<AttentionMode>({ unified: true, split: true, tallTileOnly: true, splitKvOnly: true }),
  deterministic: flag,
  attentionTuning: oneOf<AttentionTuningChoice>({ stored: true, measured: true, default: true }),
  runner: oneOf<RunnerKind>({ webgpu: true, wasm: true }),
  wasmWeights: oneOf<"int8" | "f32">({ int8: true, f32: true }),
  wasmThreads: count,
  profile: flag,
};

/** Throws an InputError for an option of a request that does not exist or has the wrong form. */
export function checkRequestOptions(options: unknown): asserts options is RequestOptions {
  check(options, requestForms);
}

/** Throws an InputError for an option of a load that does not exist or has the wrong form. */
export function checkLoadOptions(options: unknown): asserts options is LoadOptions {
  check(options, loadForms);
}

function check<Options extends object>(options: unknown, forms: Forms<Options>): void {
  if (typeof options !== "object" || options === null) {
    throw new InputError(`The options are ${String(options)}: expected an object.`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(forms, name)) {
      const known = Object.keys(forms).join(", ");
      throw new InputError(`There is no option ${name}. Leave it out, or use one of ${known}.`);
    }
    const form = forms[name as keyof Options];
    if (value === undefined || !form || form.fits(value)) continue;
    const came = typeof value === "number" ? String(value) : JSON.stringify(value);
    throw new InputError(`${name} is ${came}: expected ${form.name}.`);
  }
}

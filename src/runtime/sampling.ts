import type { Sampling } from "../engine/step.ts";
import { InputError } from "../errors.ts";
import type { RequestOptions, SamplingOptions } from "../protocol.ts";

/** Defaults a model's `generation_config.json` states. */
export type SamplingDefaults = Omit<SamplingOptions, "seed">;

/** What each setting may be. `min` is excluded where `open` is set. */
const ranges: Record<
  keyof Omit<Sampling, "seed">,
  { min: number; max: number; integer?: true; open?: true }
> = {
  temperature: { min: 0, max: 100 },
  topK: { min: 0, max: 2 ** 31, integer: true },
  topP: { min: 0, max: 1, open: true },
  minP: { min: 0, max: 1 },
  repetitionPenalty: { min: 0, max: 100, open: true },
  presencePenalty: { min: -100, max: 100 },
  frequencyPenalty: { min: -100, max: 100 },
};

/** The settings of one request: its own, else the model's, else none. Throws an InputError for one out of range. */
export function samplingOf(options: RequestOptions, defaults: SamplingDefaults): Sampling {
  const { seed = crypto.getRandomValues(new Uint32Array(1))[0]! } = options;
  const sampling: Sampling = {
    temperature: options.temperature ?? defaults.temperature ?? 0,
    topK: options.topK ?? defaults.topK ?? 0,
    topP: options.topP ?? defaults.topP ?? 1,
    minP: options.minP ?? defaults.minP ?? 0,
    repetitionPenalty: options.repetitionPenalty ?? defaults.repetitionPenalty ?? 1,
    presencePenalty: options.presencePenalty ?? defaults.presencePenalty ?? 0,
    frequencyPenalty: options.frequencyPenalty ?? defaults.frequencyPenalty ?? 0,
    seed,
  };
  for (const [name, range] of Object.entries(ranges)) check(name, sampling[name as keyof Sampling], range);
  check("seed", seed, { min: 0, max: 2 ** 32 - 1, integer: true });
  return sampling;
}

function check(
  name: string,
  value: unknown,
  { min, max, integer, open }: { min: number; max: number; integer?: true; open?: true },
): void {
  const fits = typeof value === "number" && value <= max && (open ? value > min : value >= min);
  if (fits && (!integer || Number.isInteger(value))) return;
  const kind = integer ? "an integer" : "a number";
  throw new InputError(
    `${name} is ${String(value)}: expected ${kind} ${open ? "above" : "from"} ${min} to ${max}.`,
  );
}

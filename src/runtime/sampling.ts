import type { Sampling } from "../engine/step.ts";
import { InputError } from "../errors.ts";
import type { GenerationConfig } from "../model/generation-config.ts";
import type { RequestOptions } from "../protocol.ts";

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
export function samplingOf(options: RequestOptions, model: GenerationConfig): Sampling {
  const { seed = crypto.getRandomValues(new Uint32Array(1))[0]! } = options;
  const sampling: Sampling = {
    temperature: options.temperature ?? defaultTemperature(model),
    topK: options.topK ?? model.topK ?? 0,
    topP: options.topP ?? model.topP ?? 1,
    minP: options.minP ?? model.minP ?? 0,
    repetitionPenalty: options.repetitionPenalty ?? model.repetitionPenalty ?? 1,
    presencePenalty: options.presencePenalty ?? 0,
    frequencyPenalty: options.frequencyPenalty ?? 0,
    seed,
  };
  for (const [name, range] of Object.entries(ranges)) check(name, sampling[name as keyof Sampling], range);
  check("seed", seed, { min: 0, max: 2 ** 32 - 1, integer: true });
  return sampling;
}

/** Greedy, unless the model's authors ask for sampling, or set what has no meaning without it. */
function defaultTemperature({ doSample, temperature, topK, topP, minP }: GenerationConfig): number {
  const sampled = doSample ?? [temperature, topK, topP, minP].some((setting) => setting !== undefined);
  return sampled ? (temperature ?? 1) : 0;
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

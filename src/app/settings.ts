import type { GenerateOptions } from "../index.ts";

/** What the reader set. A number that is absent is the model's own default. */
export interface Settings {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly minP?: number;
  readonly repetitionPenalty?: number;
  readonly maxTokens?: number;
  readonly seed?: number;
  readonly systemPrompt?: string;
}

export type NumberSetting = Exclude<keyof Settings, "systemPrompt">;

/** How a setting is shown and what values it takes. */
export interface SettingField {
  readonly name: NumberSetting;
  readonly label: string;
  readonly hint: string;
  readonly absent: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

const field = (
  name: NumberSetting,
  label: string,
  hint: string,
  [min, max, step]: readonly [number, number, number],
  absent = "default",
): SettingField => ({ name, label, hint, absent, min, max, step });

/** The settings that are numbers, in the order they are shown. */
export const settingFields: readonly SettingField[] = [
  field("temperature", "Temperature", "0 takes the likeliest token", [0, 5, 0.05]),
  field("topP", "Top-p", "Share of probability to keep", [0, 1, 0.01]),
  field("topK", "Top-k", "How many tokens to keep", [0, 1000, 1]),
  field("minP", "Min-p", "Least share of the best token", [0, 1, 0.01]),
  field("repetitionPenalty", "Repetition penalty", "Above 1 avoids repeats", [0.1, 5, 0.05]),
  field("maxTokens", "Max tokens", "Longest answer", [1, 1_000_000, 1], "what fits"),
  field("seed", "Seed", "Same seed, same answer", [0, 4_294_967_295, 1], "random"),
];

const storageKey = "quire.settings";

/** The settings of the last visit; what is not of the right form is left out. */
export function readSettings(): Settings {
  let stored: unknown;
  try {
    stored = JSON.parse(localStorage.getItem(storageKey) ?? "{}");
  } catch {
    return {};
  }
  if (typeof stored !== "object" || stored === null) return {};
  const values = stored as Record<string, unknown>;
  const numbers = settingFields.flatMap((each) => {
    const value = checkSetting(each, values[each.name]);
    return value === undefined ? [] : [[each.name, value]];
  });
  const prompt = values.systemPrompt;
  return { ...Object.fromEntries(numbers), ...(typeof prompt === "string" ? { systemPrompt: prompt } : {}) };
}

/** Keeps the settings for the next visit, where the browser allows it. */
export function storeSettings(settings: Settings): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify(settings));
  } catch {
    // A browser that keeps nothing still chats.
  }
}

/** The value, where it is one this setting takes. */
export function checkSetting({ min, max, step }: SettingField, value: unknown): number | undefined {
  if (typeof value !== "number" || !(value >= min && value <= max)) return undefined;
  return step >= 1 && !Number.isInteger(value) ? undefined : value;
}

/** What of the settings a request takes. */
export function generateOptions({ systemPrompt: _, ...options }: Settings): GenerateOptions {
  return options;
}

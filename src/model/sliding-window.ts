import type { Fields } from "./fields.ts";

/** When an architecture heeds `sliding_window`: always, where `use_sliding_window` asks for it, or never. */
export type WindowRule = "always" | "asked" | "never";

/** What transformers assumes where a file is silent. */
const WINDOW_LEN = 4096;
const FULL_LAYER_COUNT = 28;

/**
 * Tokens that a token attends to, its own included; undefined where it is all before it. Raises a ModelError
 * where layers differ in it.
 */
export function slidingWindow(
  fields: Fields,
  rule: WindowRule,
  layerCount: number,
  contextLen: number,
): number | undefined {
  const asked = fields.boolean("use_sliding_window", rule === "always");
  if (asked && rule === "never") throw fields.refusal("use_sliding_window");
  const layers = typedLayers(fields, layerCount);
  const windowLen = asked ? lengthOf(fields) : undefined;
  // Nothing says how far layers see that are said to slide.
  if (layers && layers.slidingCount > 0 && windowLen === undefined) throw fields.refusal("layer_types");
  if (windowLen === undefined || windowLen >= contextLen) return undefined;
  const { by, slidingCount } = layers ?? untypedLayers(fields, rule, layerCount);
  if (slidingCount === layerCount) return windowLen;
  if (slidingCount === 0 && rule === "asked") return undefined;
  throw fields.refusal(by);
}

/** How many layers slide, and the field that says so. */
interface Layers {
  readonly by: string;
  readonly slidingCount: number;
}

function typedLayers(fields: Fields, layerCount: number): Layers | undefined {
  const by = "layer_types";
  const types = fields.get(by);
  if (types === undefined) return undefined;
  const known = (type: unknown) => type === "full_attention" || type === "sliding_attention";
  if (!Array.isArray(types) || !types.every(known)) throw fields.refusal(by);
  if (types.length !== layerCount)
    throw fields.wrong(by, `a list of num_hidden_layers (${layerCount}) types`);
  return { by, slidingCount: types.filter((type) => type === "sliding_attention").length };
}

function untypedLayers(fields: Fields, rule: WindowRule, layerCount: number): Layers {
  if (rule === "always") return { by: "sliding_window", slidingCount: layerCount };
  const by = "max_window_layers";
  const fullCount = fields.integer(by, 0, Number.MAX_SAFE_INTEGER, FULL_LAYER_COUNT);
  return { by, slidingCount: Math.max(0, layerCount - fullCount) };
}

/** Undefined where the file says that there is no window. */
function lengthOf(fields: Fields): number | undefined {
  if (fields.values.sliding_window === null) return undefined;
  return fields.integer("sliding_window", 1, Number.MAX_SAFE_INTEGER, WINDOW_LEN);
}

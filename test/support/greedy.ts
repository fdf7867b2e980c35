import type { Sampling } from "../../src/engine/step.ts";

/** The likeliest token each time, and nothing counted against any. */
export const greedy: Sampling = {
  temperature: 0,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  seed: 0,
};

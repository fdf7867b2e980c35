import { readSharedText, sharedData } from "../support/shared-data.ts";

export type StoryFormat = "f32" | "bf16" | "f16";

/** Name in the shared data of the trained model whose greedy story is known. */
export function storyModel(format: StoryFormat): string {
  return `models/stories260K-hf-${format}`;
}

/** Path of the model's folder. */
export function storyFolder(format: StoryFormat): string {
  return sharedData(storyModel(format))!;
}

/** The ids that follow the BOS of the story, greedily chosen by a forward pass in f64. */
export function greedyStory(): readonly number[] {
  const reference = JSON.parse(readSharedText(`${storyModel("f32")}/reference_greedy.json`));
  return reference.greedy_from_bos_ids.slice(1);
}

/** How many tokens must agree: all of them in the precision of the reference, fewer where weights were rounded. */
export const agreeingTokens: Readonly<Record<StoryFormat, number>> = { f32: 201, bf16: 60, f16: 60 };

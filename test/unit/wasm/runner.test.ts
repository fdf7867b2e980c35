import { expect, it } from "vitest";
import { folderSource } from "../../../tools/folder-source.ts";
import { describeWithData, readSharedText, sharedData } from "../../support/shared-data.ts";
import { greedyTokens, openRunner } from "../../support/wasm-runner.ts";

interface GreedyReference {
  readonly prompt_ids_with_bos: readonly number[];
  readonly greedy_64_ids: readonly number[];
  readonly last_logits_first16: readonly number[];
  readonly greedy_from_bos_ids: readonly number[];
}

const folder = (type: string) => `models/stories260K-hf-${type}`;
const folders = ["f32", "f16", "bf16"].map(folder);

describeWithData("the WebAssembly runner on a trained model", folders, () => {
  const reference: GreedyReference = JSON.parse(readSharedText(`${folder("f32")}/reference_greedy.json`));
  const { prompt_ids_with_bos: prompt, greedy_64_ids, last_logits_first16, greedy_from_bos_ids } = reference;

  it("tells the known story token for token, from a prompt and from nothing", async () => {
    const runner = await openRunner(folderSource(sharedData(folder("f32"))!));
    expect(await greedyTokens(runner, prompt, 64)).toEqual(greedy_64_ids);
    const [bos, ...story] = greedy_from_bos_ids;
    expect(await greedyTokens(runner, [bos!], story.length)).toEqual(story);
  });

  it("computes the known logits to within 1e-3, whatever the chunks of the prompt", async () => {
    for (const maxStepTokens of [32, 5, 1]) {
      const runner = await openRunner(folderSource(sharedData(folder("f32"))!), { maxStepTokens });
      await greedyTokens(runner, prompt, 1);
      const logits = runner.logits(0);
      for (const [token, logit] of last_logits_first16.entries()) {
        expect(Math.abs(logits[token]! - logit)).toBeLessThan(1e-3);
      }
      runner.dispose();
    }
  });

  it("reads 16-bit weights: the story of both types begins as it should", async () => {
    for (const type of ["f16", "bf16"]) {
      const runner = await openRunner(folderSource(sharedData(folder(type))!));
      const [bos, ...story] = greedy_from_bos_ids;
      expect(await greedyTokens(runner, [bos!], 60)).toEqual(story.slice(0, 60));
    }
  });
});

import { afterEach, expect, test } from "vitest";
import type { GenerateResult, Prompt, RequestOptions } from "../../src/protocol.ts";
import { Runtime } from "../../src/runtime/runtime.ts";
import type { FileSource } from "../../src/store/source.ts";
import { folderSource } from "../../tools/folder-source.ts";
import { memorySource } from "../support/memory-source.ts";
import { describeWithData } from "../support/shared-data.ts";
import { breakages, tinyFolder } from "./broken-folders.ts";
import { agreeingTokens, greedyStory, storyFolder, storyModel } from "./greedy-story.ts";

let runtime: Runtime | undefined;
afterEach(() => runtime?.dispose());

const options = { model: "given", baseUrl: "http://localhost/" };
const greedy = { temperature: 0 };

/** One request's whole answer. */
function answer(runtime: Runtime, prompt: Prompt, options: RequestOptions): Promise<GenerateResult> {
  return new Promise((resolve, reject) => {
    runtime.listen((events) => {
      for (const event of events) {
        if (event.type === "end") resolve(event.result);
        if (event.type === "error") reject(new Error(event.error.message));
      }
    });
    runtime.start(0, prompt, options);
  });
}

const formats = ["f32", "bf16", "f16"] as const;
describeWithData("the runtime in Node", formats.map(storyModel), () => {
  for (const format of formats) {
    const count = agreeingTokens[format];
    test(`tells the greedy story from ${format} weights, ${count} tokens of it to the letter`, async () => {
      runtime = new Runtime(() => folderSource(storyFolder(format)));
      await runtime.load(options, () => {});
      const { tokenIds } = await answer(runtime, "", { ...greedy, maxTokens: 201 });
      expect(tokenIds).toHaveLength(201);
      expect(tokenIds.slice(0, count)).toEqual(greedyStory().slice(0, count));
    });
  }
});

test("one runtime is told what is wrong with each broken folder, and runs a sound model after all of them", async () => {
  let source: FileSource;
  runtime = new Runtime(() => source);
  for (const breakage of breakages) {
    source = memorySource(tinyFolder(breakage));
    const failure = await runtime.load(options, () => {}).then(String, (error) => error);
    expect(failure, breakage.name).toMatchObject({
      name: "ModelError",
      message: expect.stringMatching(breakage.message),
    });
  }
  source = memorySource(tinyFolder());
  await runtime.load(options, () => {});
  const { tokenIds } = await answer(runtime, "Hi", { ...greedy, maxTokens: 4 });
  expect(tokenIds).toHaveLength(4);
});

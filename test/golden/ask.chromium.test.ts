import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { describeWithData } from "../support/shared-data.ts";
import { agreeingTokens, greedyStory, type StoryFormat, storyFolder, storyModel } from "./greedy-story.ts";

const runFile = promisify(execFile);

/** Runs `npm run --silent ask -- ...`; what it wrote and how it ended. */
async function ask(...words: string[]): Promise<{ stdout: string; stderr: string; code: number }> {
  const options = { maxBuffer: 16 * 2 ** 20 };
  return runFile("npm", ["run", "--silent", "ask", "--", ...words], options).then(
    (output) => ({ ...output, code: 0 }),
    (error) => ({ stdout: error.stdout, stderr: error.stderr, code: error.code }),
  );
}

describeWithData(
  "the command line in Chromium",
  (["f32", "bf16", "f16"] as const).map((format) => storyModel(format)),
  () => {
    const tellStory = (format: StoryFormat) =>
      ask(
        ...["--model", storyFolder(format), "--raw", "--temperature", "0"],
        ...["--max-tokens", "201", "--json", ""],
      );

    for (const format of ["f32", "bf16", "f16"] as const) {
      const count = agreeingTokens[format];
      test(`tells the greedy story from ${format} weights, ${count} tokens of it to the letter`, async () => {
        const { stdout, stderr } = await tellStory(format);
        expect(stderr).toBe("");
        const { tokenIds } = JSON.parse(stdout);
        expect(tokenIds).toHaveLength(201);
        expect(tokenIds.slice(0, count)).toEqual(greedyStory().slice(0, count));
      });
    }
  },
);

describe("the command line", () => {
  test("streams the bundled model's answer to one output and its statistics to the other", async () => {
    const { stdout, stderr, code } = await ask("--temperature", "0", "What is 347 + 285?");
    expect(code).toBe(0);
    expect(stdout).toBe("347 + 285 = 632\n");
    expect(stderr).toMatch(/^\d+ \+ \d+ tokens \(stop\), first after \d+ ms, [\d.]+ tokens\/s, on \w+/);
  });

  test("gives the same sampled answer for the same seed", async () => {
    const story = () => ask("--temperature", "0.9", "--seed", "7", "--max-tokens", "24", "Tell me a story.");
    const [first, second] = [await story(), await story()];
    expect(first.stdout.length).toBeGreaterThan(20);
    expect(second.stdout).toBe(first.stdout);
  });

  test("says what is wrong with a setting, and ends with 1", async () => {
    const { stdout, stderr, code } = await ask("--temperature=-1", "Hello");
    expect({ stdout, code }).toEqual({ stdout: "", code: 1 });
    expect(stderr).toMatch(/InputError: temperature is -1/);
  });

  test("says what is wrong with the words, and ends with 2", async () => {
    const { stdout, stderr, code } = await ask("--model", "./no-such-folder", "Hello");
    expect({ stdout, code }).toEqual({ stdout: "", code: 2 });
    expect(stderr).toMatch(/--model is ".\/no-such-folder": expected an existing folder/);
  });
});

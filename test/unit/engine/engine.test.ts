import { expect, test } from "vitest";
import { Engine } from "../../../src/engine/engine.ts";
import { FakeRunner, greedy, runAlone } from "../../support/fake-runner.ts";

const limits = {
  blockSize: 4,
  blockCount: 64,
  maxSequences: 4,
  maxStepTokens: 16,
  contextLen: 128,
  vocabSize: 50,
};

test("smoke", async () => {
  const runner = new FakeRunner(limits);
  const engine = new Engine(runner);
  const promptIds = Array.from({ length: 37 }, (_, i) => (i * 7) % 50);
  const ends = Array.from({ length: 6 }, () => {
    const out: unknown[] = [];
    return new Promise<unknown[]>((resolve) => {
      engine.add({
        promptIds,
        sampling: greedy,
        maxTokens: 30,
        speculate: true,
        sink: {
          onToken: (t) => {
            out.push(t);
            return false;
          },
          onEnd: (end) => {
            console.log(end);
            resolve(out);
          },
        },
      });
    });
  });
  for (const out of await Promise.all(ends)) expect(out).toEqual(runAlone(promptIds, greedy, 30, limits));
  console.log(JSON.stringify(engine.stats(), null, 1), runner.deepest);
  engine.checkIntegrity();
});

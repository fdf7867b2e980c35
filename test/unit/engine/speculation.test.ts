import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { acceptedSamples, MAX_DRAFTS, NgramIndex, Speculation } from "../../../src/engine/speculation.ts";
import { greedy } from "../../support/greedy.ts";

/** Proposals by searching the whole text each time. */
function searched(tokens: readonly number[], count: number): number[] {
  for (const length of [4, 3, 2]) {
    for (let at = tokens.length - 1; at >= length; at--) {
      const same = Array.from({ length }, (_, i) => i + 1).every(
        (i) => tokens[at - i] === tokens[tokens.length - i],
      );
      if (!same) continue;
      const period = tokens.slice(at);
      return Array.from({ length: count }, (_, i) => period[i % period.length]!);
    }
  }
  return [];
}

describe("NgramIndex", () => {
  test("proposes what followed the latest occurrence of the longest suffix", () => {
    const index = new NgramIndex();
    expect(index.propose([1, 2, 3, 4, 9, 2, 3, 8, 1, 2, 3], 3)).toEqual([4, 9, 2]);
    expect(new NgramIndex().propose([1, 2, 3, 4], 3)).toEqual([]);
  });

  test("goes on with a period past the end of the text", () => {
    expect(new NgramIndex().propose([5, 6, 7, 5, 6, 7], 7)).toEqual([5, 6, 7, 5, 6, 7, 5]);
    expect(new NgramIndex().propose([4, 4, 4], 4)).toEqual([4, 4, 4, 4]);
  });

  test("agrees with a search through the whole text, at every length of a growing text", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(3), { maxLength: 40 }),
        fc.integer({ min: 1, max: MAX_DRAFTS }),
        (text, count) => {
          const index = new NgramIndex();
          for (let length = 0; length <= text.length; length++) {
            const tokens = text.slice(0, length);
            expect(index.propose(tokens, count)).toEqual(searched(tokens, count));
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("acceptedSamples", () => {
  const samples = (...ids: number[]) => ids.map((id) => ({ id, logprob: 0 }));
  const step = (...tokens: number[]) => ({
    slot: 0,
    position: 0,
    blocks: [0],
    sampling: greedy,
    tokens,
    sampleCount: tokens.length,
  });

  test("takes samples up to and including the first that contradicts its draft", () => {
    expect(acceptedSamples(step(1, 2, 3), samples(2, 3, 4))).toEqual(samples(2, 3, 4));
    expect(acceptedSamples(step(1, 2, 3), samples(2, 9, 4))).toEqual(samples(2, 9));
    expect(acceptedSamples(step(1, 2, 3), samples(9, 3, 4))).toEqual(samples(9));
  });

  test("takes the one sample of a step without drafts, after a prompt too", () => {
    expect(acceptedSamples({ ...step(1, 2, 3), sampleCount: 1 }, samples(7))).toEqual(samples(7));
  });
});

describe("Speculation", () => {
  const periodic = Array.from({ length: 4000 }, (_, i) => i % 3);

  test("drafts few at first, more while all are right, and as many as were right otherwise", () => {
    const speculation = new Speculation();
    const counts: number[] = [];
    for (const accepted of [2, 4, 7, 3, 4, 0, 1]) {
      const { length } = speculation.propose(periodic, 7);
      counts.push(length);
      speculation.learn(length, accepted, 100);
    }
    expect(counts).toEqual([2, 4, 7, 7, 4, 7, 1]);
  });

  test("goes on while half of the drafts are right", () => {
    const speculation = new Speculation();
    for (let length = 100; length < 2000; length += 5) {
      const { length: drafted } = speculation.propose(periodic.slice(0, length), 7);
      expect(drafted).toBeGreaterThan(0);
      speculation.learn(drafted, Math.ceil(drafted / 2), length);
    }
  });

  test("drafts ever more seldom where no draft is right, and never stops trying", () => {
    const speculation = new Speculation();
    const tries: number[] = [];
    for (let length = 100; length < 4000; length++) {
      const { length: drafted } = speculation.propose(periodic.slice(0, length), 7);
      if (drafted === 0) continue;
      tries.push(length);
      speculation.learn(drafted, 0, length);
    }
    expect(tries.length).toBeLessThan(16);
    expect(tries.at(-1)).toBeGreaterThan(2000);
  });

  test("steps let go by in vain count as wrong drafts", () => {
    const speculation = new Speculation();
    const text = periodic.slice(0, 100);
    let waitCount = 0;
    while (text.length < 400) {
      if (speculation.propose(text, 7).length > 0) {
        waitCount++;
        speculation.wait(text.length);
        // A token that was never there, after which nothing can be drafted.
        expect(speculation.propose([...text, 1000 + text.length], 7)).toEqual([]);
      }
      text.push(text.length % 3);
    }
    expect(waitCount).toBeLessThan(10);
  });

  test("comes back at once when drafts are right again", () => {
    const speculation = new Speculation();
    for (let i = 0; i < 5; i++) speculation.learn(7, 0, 100);
    expect(speculation.propose(periodic.slice(0, 101), 7)).toEqual([]);
    for (const [textLen, drafted] of [
      [3000, 1],
      [3002, 2],
      [3005, 4],
      [3010, 7],
    ] as const) {
      expect(speculation.propose(periodic.slice(0, textLen), 7)).toHaveLength(drafted);
      speculation.learn(drafted, drafted, textLen);
    }
  });
});

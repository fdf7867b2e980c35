import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ListKey, listKeys, RECORDING_MODES, StepDispatcher } from "../../../src/model/recording.ts";

const limits = [1, 2, 4, 8, 16, 512];
const eager = limits.map((tokenLimit): ListKey => ({ share: "nothing", tokenLimit }));
const decode = { tokenCount: 3, decodeOnly: true };
const mixed = { tokenCount: 40, decodeOnly: false };

describe("which steps come from recorded lists", () => {
  it.each([
    ["none", "nothing", "nothing"],
    ["piecewise", "pieces", "pieces"],
    ["full", "whole", "whole"],
    ["fullDecodeOnly", "whole", "nothing"],
    ["fullAndPiecewise", "whole", "pieces"],
  ] as const)("mode %s: decode-only batches %s, mixed ones %s", (mode, forDecode, forMixed) => {
    const dispatcher = new StepDispatcher(mode, [...listKeys(mode, limits, 512), ...eager]);
    expect(dispatcher.choose(decode)).toEqual({ share: forDecode, tokenLimit: 4 });
    expect(dispatcher.choose(mixed)).toEqual({ share: forMixed, tokenLimit: 512 });
    expect(dispatcher.stats.downgrades).toEqual([]);
  });

  it("lists are made largest first", () => {
    expect(listKeys("fullAndPiecewise", [1, 16, 4], 16)).toEqual([
      { share: "whole", tokenLimit: 16 },
      { share: "pieces", tokenLimit: 16 },
      { share: "whole", tokenLimit: 4 },
      { share: "pieces", tokenLimit: 4 },
      { share: "whole", tokenLimit: 1 },
      { share: "pieces", tokenLimit: 1 },
    ]);
    expect(listKeys("none", limits, 512)).toEqual([]);
  });

  it("a step longer than any recorded one is served with less, counted and explained", () => {
    const recorded: ListKey[] = [{ share: "pieces", tokenLimit: 512 }, ...listKeys("full", limits, 8)];
    const dispatcher = new StepDispatcher("full", [...recorded, ...eager]);
    dispatcher.choose(mixed);
    dispatcher.choose(mixed);
    dispatcher.choose(decode);
    expect(dispatcher.stats).toEqual({
      mode: "full",
      steps: [
        { share: "pieces", tokenLimit: 512, stepCount: 2 },
        { share: "whole", tokenLimit: 4, stepCount: 1 },
      ],
      downgrades: [
        { reason: "whole wanted, pieces taken: lists with whole recorded end at 8 tokens", stepCount: 2 },
      ],
    });
  });

  it("a step longer than every list is refused with both numbers", () => {
    const dispatcher = new StepDispatcher("none", eager);
    expect(() => dispatcher.choose({ tokenCount: 513, decodeOnly: false })).toThrow(/513.*512/);
  });

  it("whatever was recorded, the list chosen exists, holds the step and is the smallest of its share", () => {
    const keys = fc.subarray(
      limits.flatMap((tokenLimit): ListKey[] => [
        { share: "whole", tokenLimit },
        { share: "pieces", tokenLimit },
      ]),
    );
    const batches = fc.array(
      fc.record({ tokenCount: fc.integer({ min: 1, max: 512 }), decodeOnly: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...RECORDING_MODES), keys, batches, (mode, recorded, steps) => {
        const all = [...recorded, ...eager];
        const dispatcher = new StepDispatcher(mode, all);
        for (const step of steps) {
          const key = dispatcher.choose(step);
          expect(all).toContain(key);
          const fitting = all.filter(
            ({ share, tokenLimit }) => share === key.share && tokenLimit >= step.tokenCount,
          );
          expect(key.tokenLimit).toBe(Math.min(...fitting.map(({ tokenLimit }) => tokenLimit)));
        }
        const counted = dispatcher.stats.steps.reduce((sum, { stepCount }) => sum + stepCount, 0);
        expect(counted).toBe(steps.length);
      }),
    );
  });
});

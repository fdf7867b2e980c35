import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../../src/errors.ts";
import { StopMatcher } from "../../../src/text/stop-matcher.ts";

/** Where a text ends: before the stop string that is completed first, and of several the longest. */
function endByIndexOf(text: string, stops: readonly string[]): number | undefined {
  const found = stops.map((stop) => ({ start: text.indexOf(stop), stop })).filter(({ start }) => start >= 0);
  const ends = found.map(({ start, stop }) => ({ start, end: start + stop.length }));
  ends.sort((a, b) => a.end - b.end || a.start - b.start);
  return ends[0]?.start;
}

describe("StopMatcher", () => {
  test("ends the text before a stop string that comes in pieces", () => {
    const matcher = new StopMatcher(["</end>"]);
    expect(matcher.push("one </")).toEqual({ text: "one ", stopped: false });
    expect(matcher.push("en")).toEqual({ text: "", stopped: false });
    expect(matcher.push("d> two")).toEqual({ text: "", stopped: true });
    expect(matcher.push("three")).toEqual({ text: "", stopped: true });
    expect(matcher.flush()).toBe("");
  });

  test("gives back what it held as soon as it cannot become a stop string", () => {
    const matcher = new StopMatcher(["aab"]);
    expect(matcher.push("a").text).toBe("");
    expect(matcher.push("a").text).toBe("");
    expect(matcher.push("a").text).toBe("a");
    expect(matcher.push("c").text).toBe("aac");
    expect(matcher.push("xaa").text).toBe("x");
    expect(matcher.flush()).toBe("aa");
    expect(matcher.flush()).toBe("");
  });

  test("agrees with indexOf over the whole text, however the text is cut", () => {
    const letters = (minLength: number, maxLength: number) =>
      fc.array(fc.constantFrom("a", "b", "é", "😀"), { minLength, maxLength }).map((each) => each.join(""));
    const stops = fc.array(letters(1, 5), { maxLength: 4 });
    fc.assert(
      fc.property(fc.array(letters(0, 4), { maxLength: 12 }), stops, (pieces, stops) => {
        const text = pieces.join("");
        const matcher = new StopMatcher(stops);
        let out = "";
        let stopped = false;
        for (const [i, piece] of pieces.entries()) {
          const result = matcher.push(piece);
          out += result.text;
          if (result.stopped && !stopped) {
            // No later than the piece that completes it.
            expect(endByIndexOf(pieces.slice(0, i).join(""), stops)).toBeUndefined();
          }
          stopped = result.stopped;
          const soFar = pieces.slice(0, i + 1).join("");
          const heldLen = soFar.length - out.length;
          const isBeginning = stops.some((stop) => heldLen === 0 || stop.startsWith(soFar.slice(out.length)));
          expect(stopped || heldLen === 0 || isBeginning).toBe(true);
        }
        out += matcher.flush();
        const end = endByIndexOf(text, stops);
        expect(stopped).toBe(end !== undefined);
        expect(out).toBe(text.slice(0, end));
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    [[""], "stop[0] should be a string that is not empty"],
    [["a", 3], "stop[1] should be a string that is not empty; it is 3"],
    ["a", "a list of strings"],
    [Array(17).fill("a"), "at most 16 strings; 17 came"],
  ])("refuses %j", (stops, message) => {
    const construct = () => new StopMatcher(stops as string[]);
    expect(construct).toThrow(InputError);
    expect(construct).toThrow(message);
  });
});

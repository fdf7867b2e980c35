import { describe, expect, test } from "vitest";
import { axisScale, tickText } from "../../bench/harness/axis.ts";
import { linePlotSvg } from "../../bench/harness/line-plot.ts";
import { interleave, median, quantile } from "../../bench/harness/samples.ts";
import { markdownTable } from "../../bench/harness/table.ts";

describe("samples", () => {
  test("the median is the middle value, or the mean of the two in the middle", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 6])).toBe(5.5);
  });

  test("a quantile is a value that was measured", () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(quantile(values, 0.99)).toBe(99);
    expect(quantile([3], 0.5)).toBe(3);
  });

  test("sides are measured in turn, each round beginning with another, and warm-ups are dropped", async () => {
    const order: string[] = [];
    const side = (name: string) => async () => order.push(name);
    const samples = await interleave({ a: side("a"), b: side("b") }, { warmupCount: 1, sampleCount: 2 });
    expect(order.join("")).toBe("abbaab");
    expect(samples).toEqual({ a: [4, 5], b: [3, 6] });
  });

  test("an abort ends the measuring between two values", async () => {
    const cancel = new AbortController();
    const side = async () => {
      cancel.abort(new Error("enough"));
      return 1;
    };
    await expect(interleave({ side }, { signal: cancel.signal })).rejects.toThrow("enough");
  });
});

describe("axes", () => {
  test("a linear axis begins at 0 and ends at a round number above the data", () => {
    const { ticks, position } = axisScale({ label: "ms" }, [12, 93]);
    expect(ticks).toEqual([0, 20, 40, 60, 80, 100]);
    expect(position(50)).toBe(0.5);
  });

  test("a logarithmic axis has powers of two for lengths and round numbers for times", () => {
    expect(axisScale({ label: "keys", scale: "log" }, [512, 4096]).ticks).toEqual([512, 1024, 2048, 4096]);
    const { ticks, position } = axisScale({ label: "ms", scale: "log" }, [0.7, 85]);
    expect(ticks).toEqual([0.3, 1, 3, 10, 30, 100]);
    expect(position(0.3)).toBe(0);
    expect(position(100)).toBeCloseTo(1);
  });

  test("one value alone still has an axis", () => {
    for (const scale of ["linear", "log"] as const) {
      const { ticks, position } = axisScale({ label: "one", scale }, [40]);
      expect(ticks.length).toBeGreaterThan(1);
      expect(position(40)).toBeGreaterThanOrEqual(0);
      expect(position(40)).toBeLessThanOrEqual(1);
    }
  });

  test("a logarithmic axis refuses what it cannot show", () => {
    expect(() => axisScale({ label: "ms", scale: "log" }, [0, 1])).toThrow(/"ms" cannot show 0/);
  });

  test("numbers at the axes are short", () => {
    expect([65536, 1500, 20000, 0.0025, 0.1 + 0.2].map(tickText)).toEqual([
      "64k",
      "1.5k",
      "20k",
      "0.0025",
      "0.3",
    ]);
  });
});

describe("what is written", () => {
  test("a table is markdown, its numbers to the right and its bars escaped", () => {
    const columns = ["side", { name: "ms", digits: 1 }];
    const text = markdownTable({
      title: "Times",
      columns,
      rows: [
        ["a|b", 12.34],
        ["c", undefined],
      ],
    });
    expect(text.split("\n")).toEqual([
      "### Times",
      "",
      "| side |   ms |",
      "| ---- | ---: |",
      "| a\\|b | 12.3 |",
      "| c    |      |",
    ]);
  });

  test("a plot is one SVG that names its series and takes no text for markup", () => {
    const svg = linePlotSvg({
      title: "a < b",
      x: { label: "keys", scale: "log" },
      y: { label: "ms" },
      series: [
        {
          name: "one & two",
          points: [
            [512, 1],
            [1024, 2],
          ],
        },
      ],
    });
    expect(svg).toContain("a &#60; b");
    expect(svg).toContain("one &#38; two");
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });
});

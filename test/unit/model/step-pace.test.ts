import { describe, expect, it } from "vitest";
import { StepPace } from "../../../src/model/step-pace.ts";

/** A hundred steps, each submitted as soon as the one before was, all of the same cost. */
function paceOf(gpuMs: number, readBackMs: number): StepPace {
  const pace = new StepPace();
  for (let i = 1; i <= 100; i++) {
    const doneMs = i * gpuMs;
    pace.add({ submittedMs: 0, doneMs, readMs: doneMs + readBackMs });
  }
  return pace;
}

describe("the pace of steps", () => {
  it("tells a step's work from its wait behind the one before", () => {
    const pace = new StepPace();
    expect(pace.add({ submittedMs: 10, doneMs: 15, readMs: 17 })).toEqual({ gpuMs: 5, readBackMs: 2 });
    expect(pace.add({ submittedMs: 11, doneMs: 19, readMs: 20 })).toEqual({ gpuMs: 4, readBackMs: 1 });
    expect(pace.add({ submittedMs: 30, doneMs: 33, readMs: 33 })).toEqual({ gpuMs: 3, readBackMs: 0 });
  });

  it.each([
    [20, 0, 2],
    [20, 10, 2],
    [20, 11, 3],
    [5, 10, 4],
    [3, 10, 5],
    [0.1, 10, 8],
  ])(
    "with %d ms of work and %d ms of reading back, %d steps are in flight",
    (gpuMs, readBackMs, expected) => {
      expect(paceOf(gpuMs, readBackMs).stepsInFlight).toBe(expected);
    },
  );

  it("before anything was measured, two steps are in flight", () => {
    expect(new StepPace().stepsInFlight).toBe(2);
  });
});

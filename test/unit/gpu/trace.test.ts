import { expect, it } from "vitest";
import { chromeTrace } from "../../../src/gpu/trace.ts";

it("spans become complete events in microseconds, on named rows", () => {
  const trace = JSON.parse(
    chromeTrace([
      { name: "encode", row: "worker", startMs: 1.5, durationMs: 0.25, details: { tokens: 3 } },
      { name: "step", row: "gpu", startMs: 2, durationMs: 4 },
      { name: "encode", row: "worker", startMs: 3, durationMs: 0.5 },
    ]),
  );
  const rows = trace.traceEvents.filter(({ ph }: { ph: string }) => ph === "M");
  const rowOf = (name: string) => rows.find(({ args }: { args: { name: string } }) => args.name === name).tid;
  expect(rows).toHaveLength(2);
  expect(trace.traceEvents.slice(2)).toEqual([
    { ph: "X", name: "encode", pid: 1, tid: rowOf("worker"), ts: 1500, dur: 250, args: { tokens: 3 } },
    { ph: "X", name: "step", pid: 1, tid: rowOf("gpu"), ts: 2000, dur: 4000, args: {} },
    { ph: "X", name: "encode", pid: 1, tid: rowOf("worker"), ts: 3000, dur: 500, args: {} },
  ]);
});

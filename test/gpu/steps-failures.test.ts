import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DeviceError } from "../../src/errors.ts";
import type { GpuRunner } from "../../src/model/gpu-runner.ts";
import { TestGpu } from "../support/gpu.ts";
import { greedy } from "../support/greedy.ts";
import { tinyRunner } from "../support/tiny-runner.ts";

const plan = {
  sequences: [{ slot: 0, tokens: [1, 2, 3], position: 0, blocks: [0], sampleCount: 1, sampling: greedy }],
};

/** Short steps have few forms, and forms are what takes long to compile. */
const small = { maxStepTokens: 4 };

describe("a step in flight", () => {
  let test: TestGpu;
  let runner: GpuRunner;
  beforeEach(async () => {
    test = await TestGpu.open();
    runner = await tinyRunner(test.gpu, small);
  });
  afterEach(() => {
    runner.dispose();
    test.device.destroy();
  });

  it("rejects when the device is lost, as does every later one", async () => {
    const steps = [runner.execute(plan), runner.execute(plan)].map(rejection);
    test.device.destroy();
    for (const error of await Promise.all(steps)) {
      expect(error).toBeInstanceOf(DeviceError);
      expect((error as Error).message).toMatch(/lost.*Load the model again/);
    }
    expect(await rejection(runner.execute(plan))).toBeInstanceOf(DeviceError);
  });

  it("rejects when the device refuses something outside of any error scope, and the next one runs", async () => {
    await runner.execute(plan);
    const step = rejection(runner.execute(plan));
    refuse(test.device);
    const error = await step;
    expect(error).toBeInstanceOf(DeviceError);
    expect((error as Error).message).toMatch(/^The GPU refused a step: .+ Load the model again\.$/);
    expect((await runner.execute(plan)).sampled).toHaveLength(1);
  });

  it("is told of a refusal that came while none was in flight", async () => {
    refuse(test.device);
    await test.device.queue.onSubmittedWorkDone();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await rejection(runner.execute(plan))).toBeInstanceOf(DeviceError);
    expect((await runner.execute(plan)).sampled).toHaveLength(1);
  });

  it("rejects when the runner is disposed of", async () => {
    const step = rejection(runner.execute(plan));
    runner.dispose();
    const error = await step;
    expect(error).toBeInstanceOf(DeviceError);
    expect((error as Error).message).toMatch(/disposed of/);
    expect(await rejection(runner.execute(plan))).toBe(error);
  });
});

describe("timings of a step", () => {
  it("tell encoding, work and reading back apart, and each kernel where that was asked for", async () => {
    const test = await TestGpu.open();
    const plain = await tinyRunner(test.gpu, small);
    const profiled = await tinyRunner(test.gpu, { ...small, profile: true });
    const { sampled, timings } = await plain.execute(plan);
    expect(timings.kernels).toBeUndefined();
    expect(timings.gpuMs! + timings.readBackMs!).toBeCloseTo(timings.runMs, 6);
    const timed = await profiled.execute(plan);
    expect(timed.sampled).toEqual(sampled);
    if (test.gpu.features.timestamps) {
      const names = timed.timings.kernels!.map(({ name }) => name);
      expect(names[0]).toBe("embed");
      expect(names.at(-1)).toBe("sample_final");
      expect(names.filter((name) => name === "rope_kv_write")).toHaveLength(2);
      for (const { durationMs } of timed.timings.kernels!) expect(durationMs).toBeGreaterThanOrEqual(0);
      // Two steps in flight share the queries, and each gets its own answers.
      const both = await Promise.all([profiled.execute(plan), profiled.execute(plan)]);
      for (const each of both) expect(each.timings.kernels!.map(({ name }) => name)).toEqual(names);
    }
    plain.dispose();
    profiled.dispose();
  });
});

/** What a promise rejects with; attached at once, so that no rejection goes unseen. */
function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Asks for a copy past a buffer's end, which the device refuses. */
function refuse(device: GPUDevice): void {
  const buffer = device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const target = device.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, target, 8, 16);
  encoder.finish();
}

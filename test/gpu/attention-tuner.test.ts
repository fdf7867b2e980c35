import { beforeAll, expect, it } from "vitest";
import { attentionSetup } from "../../src/kernels/attention-setup.ts";
import { tuneAttention } from "../../src/kernels/attention-tuner.ts";
import { TestGpu } from "../support/gpu.ts";
import { kernelContext } from "../support/step.ts";

let test: TestGpu;
beforeAll(async () => {
  test = await TestGpu.open();
});

const form = {
  headCount: 4,
  kvHeadCount: 2,
  headDim: 16,
  blockSize: 16,
  kvType: "f16",
  scale: 0.25,
} as const;

it("a device is tuned to something that fits it, and no compile or launch fails on the way", async () => {
  const context = kernelContext(test);
  test.device.pushErrorScope("validation");
  const tuning = await tuneAttention(test.device, context, form, 4000);
  expect(await test.device.popErrorScope()).toBeNull();
  const setup = attentionSetup(context, form, { tuning }, { maxSequences: 4, contextLen: 8192 });
  expect(setup.tuning).toEqual(tuning);
});

it("without any time the default stands", async () => {
  const context = kernelContext(test);
  const tuning = await tuneAttention(test.device, context, form, 0);
  expect(attentionSetup(context, form, {}, { maxSequences: 4, contextLen: 8192 }).tuning).toEqual(tuning);
});

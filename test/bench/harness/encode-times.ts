import { SAMPLED, type SequenceStep, type StepPlan } from "../../../src/engine/step.ts";
import type { Gpu } from "../../../src/gpu/device.ts";
import { GpuRunner } from "../../../src/model/gpu-runner.ts";
import type { RecordingMode } from "../../../src/model/recording.ts";
import { greedy } from "../../support/greedy.ts";
import { type RandomModel, type RandomRunnerOptions, randomRunner } from "./random-runner.ts";
import { interleave, median } from "./samples.ts";
import type { ShapeName } from "./shapes.ts";

/** What JavaScript takes to encode a decode step of one sequence, from its plan to its command buffer; medians. */
export interface EncodeTime {
  readonly mode: RecordingMode;
  readonly encodeMs: number;
  /** The call that hands the command buffer to the queue, alike in all modes. */
  readonly submitMs: number;
  readonly dispatchCount: number;
}

export interface EncodeOptions {
  readonly shape: ShapeName;
  readonly stepCount: number;
}

/** Steps that decode one sequence, one at a time, the modes turn by turn; medians. */
export async function encodeTimes(gpu: Gpu, { shape, stepCount }: EncodeOptions): Promise<EncodeTime[]> {
  const modes = ["none", "piecewise", "full"] as const;
  const options = { contextLen: 256, maxSequences: 1, maxStepTokens: 1 };
  const model = await randomRunner(gpu, shape, options);
  const runners = modes.map((mode) => sibling(gpu, model, { ...options, recording: { mode } }));
  const submits = timeSubmits(gpu.device);
  let position = 0;
  const submitTimes = modes.map((): number[] => []);
  const sides = modes.map((mode, i) => {
    const encode = async () => {
      const step = await runners[i]!.execute(decodeStep(1, position++ % 200));
      submitTimes[i]!.push(submits.latestMs);
      return step.timings.encodeMs;
    };
    return [mode, encode] as const;
  });
  const samples = await interleave(Object.fromEntries(sides), { sampleCount: stepCount });
  // Only now, for counting takes time too.
  const dispatches = countDispatches(gpu.device);
  await runners[0]!.execute(decodeStep(1, 0));
  for (const runner of runners) runner.dispose();
  model.dispose();
  return modes.map((mode, i) => ({
    mode,
    encodeMs: median(samples[mode]!),
    submitMs: median(submitTimes[i]!),
    dispatchCount: dispatches.count,
  }));
}

/** Another runner of the same weights. */
export function sibling(gpu: Gpu, model: RandomModel, options: RandomRunnerOptions): GpuRunner {
  const { maxSequences = 16, maxStepTokens = 512, recording, profile } = options;
  const { kvPlan } = model.runner.model;
  const { config } = model;
  const { weights } = model.weights;
  return new GpuRunner({ gpu, config, weights, kvPlan, maxSequences, maxStepTokens, recording, profile });
}

/** One token for each of `batch` sequences, all at `position`. */
export function decodeStep(batch: number, position: number): StepPlan {
  const blockCount = Math.floor(position / 16) + 1;
  const sequences = Array.from({ length: batch }, (_, slot): SequenceStep => {
    const blocks = Array.from({ length: blockCount }, (_, i) => slot + i * batch);
    return { slot, tokens: [SAMPLED], position, blocks, sampleCount: 1, sampling: greedy };
  });
  return { sequences };
}

/** Times every submission from now on. */
function timeSubmits({ queue }: GPUDevice): { latestMs: number } {
  const times = { latestMs: 0 };
  const submit = queue.submit.bind(queue);
  queue.submit = (commands) => {
    const startedMs = performance.now();
    submit(commands);
    times.latestMs = performance.now() - startedMs;
  };
  return times;
}

/** Counts the dispatches of all compute passes begun from now on. */
function countDispatches(device: GPUDevice): { count: number } {
  const counter = { count: 0 };
  const createCommandEncoder = device.createCommandEncoder.bind(device);
  device.createCommandEncoder = (descriptor) => {
    const encoder = createCommandEncoder(descriptor);
    const beginComputePass = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (passDescriptor) => {
      const pass = beginComputePass(passDescriptor);
      const dispatchWorkgroups = pass.dispatchWorkgroups.bind(pass);
      pass.dispatchWorkgroups = (...grid: Parameters<typeof dispatchWorkgroups>) => {
        counter.count++;
        dispatchWorkgroups(...grid);
      };
      return pass;
    };
    return encoder;
  };
  return counter;
}

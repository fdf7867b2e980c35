import type { KernelContext } from "../../src/kernels/recorder.ts";
import { StepMetadata, type StepShape } from "../../src/kernels/step-metadata.ts";
import type { TestGpu } from "./gpu.ts";

/** A step of `tokenCount` tokens and nothing else, as metadata and shape. */
export function plainStep(tokenCount: number): { metadata: StepMetadata; shape: StepShape } {
  const metadata = new StepMetadata(4096);
  metadata.set("tokenCount", tokenCount);
  const shape = { tokenCount, sequenceCount: 1, sampleCount: 0, markCount: 0, attention: [] };
  return { metadata, shape };
}

/** What kernels are made with on a test device. */
export function kernelContext(test: TestGpu, software = test.gpu.adapter.software): KernelContext {
  return {
    kernels: test.kernels,
    features: test.gpu.features,
    software,
    unused: test.upload(new Float32Array(4)),
  };
}

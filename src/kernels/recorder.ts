import type { Dispatch, Grid } from "../gpu/command-list.ts";
import type { GpuFeatures } from "../gpu/device.ts";
import type { BufferSlice, KernelCache, KernelSource } from "../gpu/kernel.ts";
import type { StepShape } from "./step-metadata.ts";

/** A launch of a model step. */
export type StepDispatch = Dispatch<StepShape>;

/** What decides over the sizes of kernels' work. */
export interface DeviceTraits {
  readonly kernels: Pick<KernelCache, "limits">;
  readonly features: GpuFeatures;
  /** True where the GPU is a CPU in disguise, which likes other work sizes. */
  readonly software: boolean;
}

/** What kernels are made with: the cache that compiles them and what the device may be asked to do. */
export interface KernelContext extends DeviceTraits {
  readonly kernels: KernelCache;
  /** Stands in for a binding that a kernel's constants leave unused. */
  readonly unused: GPUBuffer;
}

/** A launch of a kernel, which is compiled later unless it is compiled already. */
export function resolve(
  { kernels }: KernelContext,
  source: KernelSource,
  buffers: readonly BufferSlice[],
  grid: (shape: StepShape) => Grid,
): StepDispatch {
  return { kernel: kernels.get(source), buffers, grid };
}

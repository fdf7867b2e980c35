import { DeviceError } from "../errors.ts";
import { type ShaderConstants, specialize } from "./shader.ts";

/** How a kernel uses one buffer of its bind group. */
export type BindingKind = "read" | "write" | "uniform";

export interface KernelSource {
  /** The shader's file name without its ending; labels every GPU object made from it. */
  readonly name: string;
  /** WGSL, in order; the last one holds `main`. */
  readonly sources: readonly string[];
  readonly constants: ShaderConstants;
  /** Constants of loops that are written out; see `specialize`. */
  readonly unrolled?: readonly string[];
  /** Group 1, by binding number. Group 0 is the same for every kernel: see `KernelCache`. */
  readonly bindings: readonly BindingKind[];
}

/** A whole buffer, or a part of one on an offset the device allows. */
export type BufferSlice = GPUBuffer | { buffer: GPUBuffer; offset: number; size: number };

/** A shader with its constants: a pipeline, and the layout that buffers are bound in. */
export class Kernel {
  readonly name: string;
  readonly #device: GPUDevice;
  readonly #layout: GPUBindGroupLayout;
  readonly #descriptor: GPUComputePipelineDescriptor;
  #pipeline: GPUComputePipeline | undefined;

  constructor(device: GPUDevice, { name, bindings }: KernelSource, code: string, shared: GPUBindGroupLayout) {
    this.name = name;
    this.#device = device;
    this.#layout = bindGroupLayout(device, name, bindings);
    this.#descriptor = {
      label: name,
      layout: device.createPipelineLayout({ label: name, bindGroupLayouts: [shared, this.#layout] }),
      compute: { module: device.createShaderModule({ label: name, code }), entryPoint: "main" },
    };
  }

  /** Compiled on its first use, unless `compile` was there before. */
  get pipeline(): GPUComputePipeline {
    this.#pipeline ??= this.#device.createComputePipeline(this.#descriptor);
    return this.#pipeline;
  }

  /** Compiles aside, while this thread and other kernels' compilations go on. */
  async compile(): Promise<void> {
    try {
      this.#pipeline ??= await this.#device.createComputePipelineAsync(this.#descriptor);
    } catch (error) {
      throw new DeviceError(
        `The GPU's driver refused the kernel ${this.name}: ${(error as Error).message}. ` +
          "Update the browser or the graphics driver.",
      );
    }
  }

  /** A bind group for group 1; buffers in binding order. */
  bind(buffers: readonly BufferSlice[]): GPUBindGroup {
    const entries = buffers.map((slice, binding) => ({ binding, resource: resourceOf(slice) }));
    return this.#device.createBindGroup({ label: this.name, layout: this.#layout, entries });
  }
}

/**
 * Makes kernels, each once. Group 0 is shared by all of them (a step's metadata: a uniform header at
 * binding 0, the whole buffer read-only at binding 1), so that a pass sets it a single time.
 */
export class KernelCache {
  readonly #device: GPUDevice;
  readonly #kernels = new Map<string, Kernel>();
  readonly sharedLayout: GPUBindGroupLayout;

  constructor(device: GPUDevice) {
    this.#device = device;
    this.sharedLayout = bindGroupLayout(device, "shared", ["uniform", "read"]);
  }

  /** What the device allows a kernel. */
  get limits(): GPUSupportedLimits {
    return this.#device.limits;
  }

  get(source: KernelSource): Kernel {
    const code = specialize(source.sources, source.constants, source.unrolled);
    const key = `${source.bindings.join()}\n${code}`;
    let kernel = this.#kernels.get(key);
    if (!kernel) {
      kernel = new Kernel(this.#device, source, code, this.sharedLayout);
      this.#kernels.set(key, kernel);
    }
    return kernel;
  }

  /** Compiles, side by side, all kernels made so far; rejects with a DeviceError that names a refused one. */
  async compile(): Promise<void> {
    await Promise.all([...this.#kernels.values()].map((kernel) => kernel.compile()));
  }

  /** The bind group for group 0 over a step's metadata buffer. */
  bindShared(step: GPUBuffer): GPUBindGroup {
    const entries = [
      { binding: 0, resource: { buffer: step, offset: 0, size: 256 } },
      { binding: 1, resource: { buffer: step } },
    ];
    return this.#device.createBindGroup({ label: "step", layout: this.sharedLayout, entries });
  }
}

function resourceOf(slice: BufferSlice): GPUBufferBinding {
  return "buffer" in slice ? slice : { buffer: slice };
}

const bufferTypes = { read: "read-only-storage", write: "storage", uniform: "uniform" } as const;

function bindGroupLayout(
  device: GPUDevice,
  label: string,
  bindings: readonly BindingKind[],
): GPUBindGroupLayout {
  return device.createBindGroupLayout({
    label,
    entries: bindings.map((kind, binding) => ({
      binding,
      visibility: 4, // GPUShaderStage.COMPUTE, which Node has no global for
      buffer: { type: bufferTypes[kind] },
    })),
  });
}

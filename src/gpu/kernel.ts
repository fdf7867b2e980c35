import { type ShaderConstants, specialize } from "./shader.ts";

/** How a kernel uses one buffer of its bind group. */
export type BindingKind = "read" | "write" | "uniform";

export interface KernelSource {
  /** The shader's file name without its ending; labels every GPU object made from it. */
  readonly name: string;
  /** WGSL, in order; the last one holds `main`. */
  readonly sources: readonly string[];
  readonly constants: ShaderConstants;
  /** Group 1, by binding number. Group 0 is the same for every kernel: see `KernelCache`. */
  readonly bindings: readonly BindingKind[];
}

export interface Kernel {
  readonly name: string;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/**
 * Compiles kernels, each once. Group 0 is shared by all of them (a step's metadata: a uniform header at
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

  get(source: KernelSource): Kernel {
    const code = specialize(source.sources, source.constants);
    const key = `${source.bindings.join()}\n${code}`;
    let kernel = this.#kernels.get(key);
    if (!kernel) {
      kernel = this.#compile(source, code);
      this.#kernels.set(key, kernel);
    }
    return kernel;
  }

  /** A bind group for group 1; buffers in binding order. */
  bind(kernel: Kernel, buffers: readonly BufferSlice[]): GPUBindGroup {
    const entries = buffers.map((slice, binding) => ({ binding, resource: resourceOf(slice) }));
    return this.#device.createBindGroup({ label: kernel.name, layout: kernel.layout, entries });
  }

  /** The bind group for group 0 over a step's metadata buffer. */
  bindShared(step: GPUBuffer): GPUBindGroup {
    const entries = [
      { binding: 0, resource: { buffer: step, offset: 0, size: 256 } },
      { binding: 1, resource: { buffer: step } },
    ];
    return this.#device.createBindGroup({ label: "step", layout: this.sharedLayout, entries });
  }

  #compile({ name, bindings }: KernelSource, code: string): Kernel {
    const layout = bindGroupLayout(this.#device, name, bindings);
    const module = this.#device.createShaderModule({ label: name, code });
    const pipeline = this.#device.createComputePipeline({
      label: name,
      layout: this.#device.createPipelineLayout({
        label: name,
        bindGroupLayouts: [this.sharedLayout, layout],
      }),
      compute: { module, entryPoint: "main" },
    });
    return { name, pipeline, layout };
  }
}

/** A whole buffer, or a part of one on an offset the device allows. */
export type BufferSlice = GPUBuffer | { buffer: GPUBuffer; offset: number; size: number };

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

import { CommandList, type Dispatch } from "../../src/gpu/command-list.ts";
import { type Gpu, type OpenGpuOptions, openGpu } from "../../src/gpu/device.ts";
import { type BufferSlice, KernelCache } from "../../src/gpu/kernel.ts";

/** A device, a kernel cache and a step buffer to run single kernels with. */
export class TestGpu {
  readonly kernels: KernelCache;
  readonly device: GPUDevice;

  constructor(readonly gpu: Gpu) {
    this.device = gpu.device;
    this.kernels = new KernelCache(gpu.device);
  }

  static async open(options?: OpenGpuOptions): Promise<TestGpu> {
    return new TestGpu(await openGpu(options));
  }

  /** A storage buffer holding `data`. */
  upload(data: Float32Array | Uint32Array | Uint16Array | Int32Array, usage = 0): GPUBuffer {
    const size = Math.max(16, Math.ceil(data.byteLength / 16) * 16);
    const buffer = this.device.createBuffer({
      size,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC | usage,
      mappedAtCreation: true,
    });
    new Uint8Array(buffer.getMappedRange()).set(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    );
    buffer.unmap();
    return buffer;
  }

  /** A storage buffer of `length` words, every bit pattern of it a NaN, so that a word left unwritten shows. */
  poisoned(length: number): GPUBuffer {
    return this.upload(new Uint32Array(length).fill(0x7fc0_dead));
  }

  /** The step metadata as a buffer that can be bound to group 0. */
  stepBuffer(words: Uint32Array): GPUBuffer {
    return this.upload(words, GPUBufferUsage.UNIFORM);
  }

  /** Runs dispatches in one pass with `step` as group 0, as the runner does. */
  async run<Shape>(dispatches: readonly Dispatch<Shape>[], step: GPUBuffer, shape: Shape): Promise<void> {
    this.device.pushErrorScope("validation");
    const encoder = this.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setBindGroup(0, this.kernels.bindShared(step));
    new CommandList(dispatches).encode(pass, shape);
    pass.end();
    this.device.queue.submit([encoder.finish()]);
    await this.device.queue.onSubmittedWorkDone();
    const error = await this.device.popErrorScope();
    if (error) throw new Error(error.message);
  }

  async readFloats(slice: BufferSlice): Promise<Float32Array> {
    return new Float32Array(await this.#read(slice));
  }

  async readWords(slice: BufferSlice): Promise<Uint32Array> {
    return new Uint32Array(await this.#read(slice));
  }

  async #read(slice: BufferSlice): Promise<ArrayBuffer> {
    const { buffer, offset, size } =
      "buffer" in slice ? slice : { buffer: slice, offset: 0, size: slice.size };
    const staging = this.device.createBuffer({
      size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
    this.device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const copy = staging.getMappedRange().slice(0);
    staging.destroy();
    return copy;
  }
}

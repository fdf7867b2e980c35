/** Calls of a device's methods, by name, since `reset`. */
export class CallCounter {
  readonly counts: Record<string, number> = {};

  /** Counts on `device` itself, its queue and the encoders it hands out, for good. */
  constructor(device: GPUDevice) {
    this.#count(device, ["createBindGroup", "createBuffer", "createComputePipeline", "createShaderModule"]);
    this.#count(device.queue, ["writeBuffer", "submit"]);
    this.#count(device, ["createCommandEncoder"], (made) => {
      const encoder = made as GPUCommandEncoder;
      this.#count(encoder, ["copyBufferToBuffer"]);
      this.#count(encoder, ["beginComputePass"], (pass) =>
        this.#count(pass as GPUComputePassEncoder, ["dispatchWorkgroups", "setPipeline"]),
      );
    });
  }

  reset(): void {
    for (const name of Object.keys(this.counts)) this.counts[name] = 0;
  }

  #count<T extends object>(
    target: T,
    names: readonly (keyof T & string)[],
    onResult: (result: unknown) => void = () => {},
  ): void {
    for (const name of names) {
      const method = target[name] as (...args: unknown[]) => unknown;
      this.counts[name] ??= 0;
      const counted = (...args: unknown[]) => {
        this.counts[name]!++;
        const result = method.apply(target, args);
        onResult(result);
        return result;
      };
      Object.defineProperty(target, name, { value: counted, configurable: true });
    }
  }
}

/** Holds back the mapping of a device's read-back buffers. */
export class HeldMaps {
  readonly #waiting: (() => void)[] = [];
  /** Maps asked for and not yet let go. */
  get count(): number {
    return this.#waiting.length;
  }

  /** Takes hold of every buffer that `device` makes from now on. */
  constructor(device: GPUDevice) {
    const createBuffer = device.createBuffer.bind(device);
    Object.defineProperty(device, "createBuffer", {
      configurable: true,
      value: (descriptor: GPUBufferDescriptor) => {
        const buffer = createBuffer(descriptor);
        if (descriptor.usage & GPUBufferUsage.MAP_READ) this.#hold(buffer);
        return buffer;
      },
    });
  }

  releaseOldest(): void {
    this.#waiting.shift()?.();
  }

  #hold(buffer: GPUBuffer): void {
    const mapAsync = buffer.mapAsync.bind(buffer);
    const held = async (...args: Parameters<GPUBuffer["mapAsync"]>) => {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      return mapAsync(...args);
    };
    Object.defineProperty(buffer, "mapAsync", { value: held });
  }
}

/**
 * Buffers to read results back through, used in turn: while one is being mapped the next step copies into
 * another, and none is made anew once as many exist as steps are in flight.
 */
export class StagingRing {
  readonly #device: GPUDevice;
  readonly #sizeBytes: number;
  readonly #free: GPUBuffer[] = [];
  readonly #all: GPUBuffer[] = [];

  constructor(device: GPUDevice, sizeBytes: number) {
    this.#device = device;
    this.#sizeBytes = Math.max(16, sizeBytes);
  }

  /** Buffers made so far. */
  get bufferCount(): number {
    return this.#all.length;
  }

  /** Encodes a copy of the first `sizeBytes` of `source` into a free buffer. */
  copy(encoder: GPUCommandEncoder, source: GPUBuffer, sizeBytes: number): GPUBuffer {
    const staging = this.#free.pop() ?? this.#create();
    encoder.copyBufferToBuffer(source, 0, staging, 0, sizeBytes);
    return staging;
  }

  /** Waits for the copy and hands its words to `read`, which must not keep them. */
  async read<T>(staging: GPUBuffer, sizeBytes: number, read: (words: Uint32Array) => T): Promise<T> {
    await staging.mapAsync(1, 0, sizeBytes); // GPUMapMode.READ
    const result = read(new Uint32Array(staging.getMappedRange(0, sizeBytes)));
    staging.unmap();
    this.#free.push(staging);
    return result;
  }

  dispose(): void {
    for (const buffer of this.#all) buffer.destroy();
  }

  #create(): GPUBuffer {
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const buffer = this.#device.createBuffer({ label: "staging", size: this.#sizeBytes, usage });
    this.#all.push(buffer);
    return buffer;
  }
}

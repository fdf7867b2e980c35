import { DeviceError } from "../errors.ts";

/** How long the news of a loss may take after its first consequence. */
const LOSS_NEWS_MS = 200;

/**
 * Lets whoever waits for a device learn that it is gone, or that it refused something nobody asked it about: a
 * promise of the device's may stay pending then, or resolve as if all were well.
 */
export class DeviceWatch {
  readonly #device: GPUDevice;
  readonly #waiting = new Set<(error: DeviceError) => void>();
  readonly #onError = ({ error }: GPUUncapturedErrorEvent) => this.#refused(error.message);
  /** Why there will be no more answers. */
  #closed: DeviceError | undefined;
  /** A refusal that nobody was there to be told of. */
  #pending: DeviceError | undefined;

  constructor(device: GPUDevice) {
    this.#device = device;
    device.addEventListener("uncapturederror", this.#onError);
    void device.lost.then(({ reason, message }) => this.close(lostError(reason, message)));
  }

  /** Throws what happened since the last call, and for ever once the device is gone. */
  check(): void {
    const error = this.#closed ?? this.#pending;
    this.#pending = undefined;
    if (error) throw error;
  }

  /** Settles as `answer` does, or rejects with a DeviceError as soon as the device fails. */
  guard<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed) reject(this.#closed);
      else this.#waiting.add(reject);
      const done = () => this.#waiting.delete(reject);
      answer.then(
        (value) => {
          done();
          resolve(value);
        },
        async (error) => {
          const cause = await this.#causeOf(error);
          done();
          reject(cause);
        },
      );
    });
  }

  /** Ends all waiting with `error`, now and later. */
  close(error: DeviceError): void {
    if (this.#closed) return;
    this.#closed = error;
    this.#device.removeEventListener("uncapturederror", this.#onError);
    this.#reject(error);
  }

  /** Of an answer that failed. Those of a lost device may fail before it is known to be lost. */
  async #causeOf(error: unknown): Promise<DeviceError> {
    await Promise.race([this.#device.lost, new Promise((resolve) => setTimeout(resolve, LOSS_NEWS_MS))]);
    return this.#closed ?? new DeviceError(`The GPU did not answer: ${(error as Error).message}`);
  }

  #refused(message: string): void {
    const [what] = message.split("\n");
    const error = new DeviceError(`The GPU refused a step: ${what} Load the model again.`);
    if (this.#waiting.size === 0) this.#pending = error;
    this.#reject(error);
  }

  #reject(error: DeviceError): void {
    for (const reject of this.#waiting) reject(error);
    this.#waiting.clear();
  }
}

function lostError(reason: GPUDeviceLostReason, message: string): DeviceError {
  return new DeviceError(
    `The GPU device was lost (${reason}${message ? `: ${message}` : ""}). Load the model again; ` +
      "if that fails too, reload the page or free GPU memory by closing other tabs.",
  );
}

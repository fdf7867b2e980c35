import { DeviceError } from "../errors.ts";

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
        (error) => {
          done();
          reject(this.#closed ?? new DeviceError(`The GPU did not answer: ${(error as Error).message}`));
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

  #refused(message: string): void {
    const error = new DeviceError(`The GPU refused a step: ${message}. Load the model again.`);
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

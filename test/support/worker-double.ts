import { expose } from "comlink";
import type { RuntimeApi } from "../../src/protocol.ts";

/**
 * A worker without a thread: messages cross a channel, cloned as ever, to a runtime that the test provides, and
 * it dies when told to.
 */
export class WorkerDouble extends EventTarget {
  terminated = false;
  readonly #page: MessagePort;
  readonly #worker: MessagePort;

  constructor(runtime: Partial<RuntimeApi>) {
    super();
    const { port1, port2 } = new MessageChannel();
    this.#page = port1;
    this.#worker = port2;
    expose(runtime, port2);
    port1.onmessage = ({ data, ports }) =>
      this.dispatchEvent(new MessageEvent("message", { data, ports: [...ports] }));
  }

  /** As what a client takes. */
  get worker(): Worker {
    return this as unknown as Worker;
  }

  postMessage(message: unknown, transfer: Transferable[] = []): void {
    if (!this.terminated) this.#page.postMessage(message, transfer);
  }

  terminate(): void {
    this.terminated = true;
    this.#page.close();
    this.#worker.close();
  }

  /** What a page sees of a worker whose script threw, or never loaded where there is no message. */
  die(message: string): void {
    this.dispatchEvent(Object.assign(new Event("error", { cancelable: true }), { message }));
  }
}

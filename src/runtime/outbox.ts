import type { StreamEvent } from "../protocol.ts";

/** Gathers what happens to all streams within one turn and sends it as one message. */
export class Outbox {
  #send: (events: readonly StreamEvent[]) => void = () => {};
  #events: StreamEvent[] = [];

  listen(send: (events: readonly StreamEvent[]) => void): void {
    this.#send = send;
  }

  add(event: StreamEvent): void {
    if (this.#events.length === 0) queueMicrotask(() => this.#flush());
    this.#events.push(event);
  }

  #flush(): void {
    const events = this.#events;
    this.#events = [];
    this.#send(events);
  }
}

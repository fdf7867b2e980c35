import { part } from "./element.ts";

interface ComposerEvents {
  /** Returns whether the text was taken; what was not stays in the field. */
  readonly onSend: (text: string) => boolean;
  readonly onStop: () => void;
}

/** The field the reader writes in: Enter sends, Shift+Enter breaks the line, Escape stops the answer. */
export class Composer {
  readonly #text = part<HTMLTextAreaElement>("composer-text");
  readonly #send = part<HTMLButtonElement>("send");
  readonly #stop = part<HTMLButtonElement>("stop");
  readonly #onSend: ComposerEvents["onSend"];
  #ready = false;

  constructor({ onSend, onStop }: ComposerEvents) {
    this.#onSend = onSend;
    const form = part<HTMLFormElement>("composer");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener("input", () => this.#update());
    this.#text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    this.#stop.addEventListener("click", onStop);
    document.addEventListener("keydown", (event) => {
      // An open panel takes Escape for itself.
      if (event.key !== "Escape" || event.isComposing || document.querySelector(":popover-open")) return;
      onStop();
    });
  }

  set ready(ready: boolean) {
    this.#ready = ready;
    this.#update();
  }

  /** While an answer is written, the stop button stands in the place of the send button. */
  set running(running: boolean) {
    const hadFocus = document.activeElement === this.#stop || document.activeElement === document.body;
    this.#stop.hidden = !running;
    this.#send.hidden = running;
    if (hadFocus) this.focus();
  }

  set placeholder(text: string) {
    this.#text.placeholder = text;
    part("composer-label").textContent = text;
  }

  /** Offers a text to be changed and sent. */
  edit(text: string): void {
    this.#text.value = text;
    this.#update();
    this.#text.focus();
  }

  /** Takes the focus, except where that would open a keyboard over the page. */
  focus(): void {
    if (matchMedia("(any-pointer: fine)").matches || document.activeElement === this.#text)
      this.#text.focus();
  }

  #submit(): void {
    const text = this.#text.value.trim();
    if (!this.#ready || text === "" || !this.#onSend(text)) return;
    this.#text.value = "";
    this.#update();
  }

  #update(): void {
    this.#send.disabled = !this.#ready || this.#text.value.trim() === "";
    if (CSS.supports("field-sizing", "content")) return;
    this.#text.style.height = "auto";
    this.#text.style.height = `${this.#text.scrollHeight}px`;
  }
}

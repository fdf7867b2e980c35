const nearPx = 8;

/**
 * Keeps a scroller at its end while its content grows, for as long as the reader stays at the end. Scrolling
 * up lets go; coming back to the end holds on again.
 */
export class StickToBottom {
  readonly #scroller: HTMLElement;
  #active = false;
  #following = true;
  #lastTop = 0;

  constructor(scroller: HTMLElement, content: HTMLElement, onChange: (following: boolean) => void) {
    this.#scroller = scroller;
    scroller.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = scroller;
      if (scrollHeight - clientHeight - scrollTop <= nearPx) this.#following = true;
      else if (scrollTop < this.#lastTop) this.#following = false;
      this.#lastTop = scrollTop;
      onChange(this.#following || !this.#active);
    });
    const observer = new ResizeObserver(() => this.#follow());
    observer.observe(content);
    observer.observe(scroller);
  }

  /** Whether there is a conversation to follow; without one the scroller shows its beginning. */
  set active(active: boolean) {
    if (active === this.#active) return;
    this.#active = active;
    this.#following = true;
    if (!active) this.#scroller.scrollTop = 0;
  }

  /** Goes to the end and stays there. */
  jump(): void {
    this.#following = true;
    this.#follow();
  }

  #follow(): void {
    if (this.#active && this.#following) this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }
}

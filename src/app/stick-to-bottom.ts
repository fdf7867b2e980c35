const nearPx = 8;

/**
 * Keeps a scroller at its end while its content grows, for as long as the reader stays at the end. Scrolling
 * up lets go; coming back to the end holds on again.
 */
export class StickToBottom {
  readonly #scroller: HTMLElement;
  #following = true;
  #lastTop = 0;

  constructor(scroller: HTMLElement, content: HTMLElement, onChange: (following: boolean) => void) {
    this.#scroller = scroller;
    scroller.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = scroller;
      if (scrollHeight - clientHeight - scrollTop <= nearPx) this.#following = true;
      else if (scrollTop < this.#lastTop) this.#following = false;
      this.#lastTop = scrollTop;
      onChange(this.#following);
    });
    const observer = new ResizeObserver(() => this.#follow());
    observer.observe(content);
    observer.observe(scroller);
  }

  /** Goes to the end and stays there. */
  jump(): void {
    this.#following = true;
    this.#follow();
  }

  #follow(): void {
    if (this.#following) this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }
}

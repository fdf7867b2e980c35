import type { Turn } from "./conversation.ts";
import { button, element } from "./element.ts";
import { MarkdownView } from "./markdown.ts";

const speakers = { user: "You", assistant: "Model", system: "System", tool: "Tool result" } as const;

interface TurnEvents {
  readonly onRegenerate: () => void;
  readonly onEdit: () => void;
}

/** A turn on the page. Only an answer that is being written is ever rendered again, at most once a frame. */
export class TurnView {
  readonly root: HTMLLIElement;
  readonly #turn: Turn;
  readonly #text = element("div", { class: "turn-text", "data-testid": "turn-text" });
  readonly #markdown: MarkdownView | undefined;
  readonly #foot = element("div", { class: "turn-foot" });
  #frame = 0;

  constructor(turn: Turn, { onRegenerate, onEdit }: TurnEvents) {
    this.#turn = turn;
    const { role } = turn;
    const speaker = element("span", {
      class: role === "user" || role === "assistant" ? "visually-hidden" : "speaker",
    });
    speaker.textContent = speakers[role];
    this.root = element("li", { class: `turn ${role}`, "data-testid": `turn-${role}` }, speaker, this.#text);
    if (role === "assistant") {
      this.#markdown = new MarkdownView(this.#text);
      this.root.append(this.#foot);
      this.#foot.append(
        button("Copy", () => void this.#copy(), { class: "quiet", "data-testid": "copy" }),
        button("Regenerate", onRegenerate, { class: "quiet only-last", "data-testid": "regenerate" }),
        button("Edit message", onEdit, { class: "quiet only-last", "data-testid": "edit" }),
      );
    } else this.#text.textContent = turn.content;
    this.#showState();
  }

  /** Shows the turn's new text in the next frame. */
  grow(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#markdown?.update(this.#turn.content);
    });
  }

  /** Shows the finished turn at once: a page in the background gets no frames. */
  finish(): void {
    cancelAnimationFrame(this.#frame);
    this.#markdown?.finish(this.#turn.content);
    this.#showState();
    const { note } = this.#turn;
    if (!note) return;
    const attributes = { class: `note ${note.kind}`, "data-testid": `note-${note.kind}` };
    this.#text.after(element("p", attributes, note.text));
  }

  #showState(): void {
    this.root.toggleAttribute("data-running", this.#turn.running);
    this.#foot.hidden = this.#turn.running;
  }

  async #copy(): Promise<void> {
    const copy = this.#foot.querySelector("button")!;
    try {
      await navigator.clipboard.writeText(this.#turn.content);
      copy.textContent = "Copied";
    } catch {
      copy.textContent = "Copying is not allowed";
    }
    setTimeout(() => {
      copy.textContent = "Copy";
    }, 1500);
  }
}

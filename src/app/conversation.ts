import type { Message, Role, Tool } from "../index.ts";

/** One turn. `note` says what became of an answer that did not end by itself. */
export interface Turn {
  readonly role: Role;
  content: string;
  running: boolean;
  note?: { readonly text: string; readonly kind: "info" | "error" };
}

/** The conversation as plain data. */
export class Conversation {
  readonly turns: Turn[] = [];
  tools: readonly Tool[] = [];

  get last(): Turn | undefined {
    return this.turns.at(-1);
  }

  add(role: Role, content: string, running = false): Turn {
    const turn: Turn = { role, content, running };
    this.turns.push(turn);
    return turn;
  }

  clear(): void {
    this.turns.length = 0;
    this.tools = [];
  }

  /** What the model is sent: the turns with something in them, headed by the system prompt if they have none. */
  messages(systemPrompt: string | undefined): Message[] {
    const turns = this.turns.filter((turn) => turn.content !== "");
    const messages = turns.map(({ role, content }) => ({ role, content }));
    if (!systemPrompt || messages[0]?.role === "system") return messages;
    return [{ role: "system", content: systemPrompt }, ...messages];
  }
}

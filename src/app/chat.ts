import type { Engine, GenerateResult, Prompt, Role } from "../index.ts";
import { Conversation, type Turn } from "./conversation.ts";
import { part } from "./element.ts";
import { asError } from "./model-session.ts";
import type { Sample } from "./samples.ts";
import { generateOptions, type Settings } from "./settings.ts";
import type { Statistics } from "./statistics.ts";
import { TurnView } from "./turn-view.ts";

interface ChatEvents {
  /** Called when the conversation, or whether an answer is being written, has changed. */
  readonly onChange: () => void;
  /** The reader wants to write the last message anew. */
  readonly onEdit: (text: string) => void;
  /** The worker died under an answer. */
  readonly onLost: (error: Error) => void;
}

/** The conversation at work: sends, streams, stops, asks again. */
export class Chat {
  readonly conversation = new Conversation();
  readonly #list = part<HTMLOListElement>("turns");
  readonly #announcer = part("announcer");
  readonly #statistics: Statistics;
  readonly #settings: () => Settings;
  readonly #events: ChatEvents;
  #engine: Engine | undefined;
  #running: AbortController | undefined;

  constructor(statistics: Statistics, settings: () => Settings, events: ChatEvents) {
    this.#statistics = statistics;
    this.#settings = settings;
    this.#events = events;
  }

  /** The engine that answers; changing it ends the answer under way. */
  set engine(engine: Engine | undefined) {
    if (engine === this.#engine) return;
    this.stop();
    this.#engine = engine;
  }

  get running(): boolean {
    return this.#running !== undefined;
  }

  /** Whose words the reader writes next: the tool's, when the model has just called one. */
  get nextRole(): Role {
    const { last, tools } = this.conversation;
    return tools.length > 0 && last?.role === "assistant" && last.content.includes("<tool_call>")
      ? "tool"
      : "user";
  }

  /** Adds what the reader wrote and starts the answer; false while there is no model or another answer runs. */
  send(text: string): boolean {
    if (!this.#engine || this.running) return false;
    this.#add(this.conversation.add(this.nextRole, text));
    void this.#answer(this.#engine);
    return true;
  }

  /** Begins a new conversation with a sample's messages and has its last one answered. */
  begin(sample: Sample): void {
    if (!this.#engine) return;
    this.clear();
    this.conversation.tools = sample.tools ?? [];
    for (const { role, content } of sample.messages) this.#add(this.conversation.add(role, content));
    void this.#answer(this.#engine);
  }

  /** Replaces the last answer by a new one. */
  regenerate(): void {
    if (!this.#engine || this.running || this.conversation.last?.role !== "assistant") return;
    this.#takeBack();
    void this.#answer(this.#engine);
  }

  /** Takes back the last message with its answer, to be written anew. */
  edit(): void {
    if (this.running) return;
    this.#takeBack();
    const message = this.#takeBack();
    this.#events.onChange();
    if (message) this.#events.onEdit(message.content);
  }

  /** Ends the answer under way; what is written of it stays. */
  stop(): void {
    this.#running?.abort();
  }

  clear(): void {
    this.stop();
    this.#running = undefined;
    this.conversation.clear();
    this.#list.replaceChildren();
    this.#statistics.clear();
    this.#events.onChange();
  }

  #add(turn: Turn): TurnView {
    const view = new TurnView(turn, { onRegenerate: () => this.regenerate(), onEdit: () => this.edit() });
    this.#list.append(view.root);
    return view;
  }

  #takeBack(): Turn | undefined {
    this.#list.lastElementChild?.remove();
    return this.conversation.turns.pop();
  }

  async #answer(engine: Engine): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    const prompt = this.#prompt(engine);
    const turn = this.conversation.add("assistant", "", true);
    const view = this.#add(turn);
    this.#statistics.clear();
    this.#announcer.textContent = "The model is writing.";
    this.#events.onChange();
    try {
      const result = await this.#stream(engine, prompt, turn, view, running.signal);
      if (this.#running === running) this.#statistics.finish(result);
      if (result.finishReason === "length") turn.note = lengthNote(result, engine.model.contextLen);
    } catch (thrown) {
      this.#noteFailure(turn, asError(thrown), running.signal.aborted);
    }
    turn.running = false;
    view.finish();
    if (this.#running !== running) return;
    this.#running = undefined;
    this.#announcer.textContent = turn.content;
    this.#events.onChange();
  }

  #prompt(engine: Engine): Prompt {
    if (!engine.model.chat) return this.conversation.last?.content ?? "";
    return this.conversation.messages(this.#settings().systemPrompt);
  }

  async #stream(
    engine: Engine,
    prompt: Prompt,
    turn: Turn,
    view: TurnView,
    signal: AbortSignal,
  ): Promise<GenerateResult> {
    const { tools } = this.conversation;
    const options = { ...generateOptions(this.#settings()), ...(tools.length > 0 ? { tools } : {}), signal };
    const generation = engine.generate(prompt, options);
    for await (const { text, tokenIds } of generation) {
      turn.content += text;
      view.grow();
      if (!signal.aborted) this.#statistics.count(tokenIds.length);
    }
    return generation.result;
  }

  #noteFailure(turn: Turn, error: Error, aborted: boolean): void {
    const lost = !aborted && error.name === "WorkerError";
    if (aborted) turn.note = { text: "Stopped.", kind: "info" };
    else turn.note = lost ? { text: "Interrupted.", kind: "info" } : { text: error.message, kind: "error" };
    if (lost) this.#events.onLost(error);
  }
}

function lengthNote({ usage }: GenerateResult, contextLen: number): NonNullable<Turn["note"]> {
  const full = usage.promptTokens + usage.outputTokens >= contextLen;
  const text = full
    ? "The context is full. Start a new chat to go on."
    : "Cut off at the number of tokens allowed for an answer.";
  return { text, kind: "info" };
}

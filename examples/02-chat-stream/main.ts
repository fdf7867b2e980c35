import { createEngine, type Message } from "../../src/index.ts"; // in a project of your own: "quire-llm"

const chat = document.querySelector("#chat")!;
const input = document.querySelector<HTMLInputElement>("#text")!;
const engine = await createEngine({ model: new URL("/models/quire-demo/", location.href).href });
const messages: Message[] = [];
let running = new AbortController();
let last = Promise.resolve();

document.querySelector<HTMLButtonElement>("#send")!.disabled = false;
document.querySelector("#stop")!.addEventListener("click", () => running.abort());
document.querySelector("#form")!.addEventListener("submit", (event) => {
  event.preventDefault();
  const content = input.value;
  input.value = "";
  running.abort();
  running = new AbortController();
  const { signal } = running;
  last = last.then(() => answer(content, signal));
});

async function answer(content: string, signal: AbortSignal): Promise<void> {
  messages.push({ role: "user", content });
  line(`You: ${content}`);
  const shown = line("Model: ");
  let text = "";
  try {
    for await (const chunk of engine.generate(messages, { signal })) {
      text += chunk.text;
      shown.append(chunk.text);
    }
  } catch (error) {
    shown.append(signal.aborted ? " (stopped)" : ` (${error})`);
  }
  messages.push({ role: "assistant", content: text });
}

function line(text: string): HTMLElement {
  const paragraph = document.createElement("p");
  paragraph.textContent = text;
  chat.append(paragraph);
  return paragraph;
}

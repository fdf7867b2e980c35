import { createEngine } from "../../src/index.ts"; // in a project of your own: "quire-llm"

const status = document.querySelector("#status")!;
const list = document.querySelector("#streams")!;
const subjects = ["a fox", "a lighthouse", "a baker", "an owl", "a river", "a clock", "a kite", "a goat"];

const engine = await createEngine({ model: new URL("/models/quire-demo/", location.href).href });
status.textContent = "Eight stories at once";
const began = performance.now();
const counts = await Promise.all(subjects.map(story));
const seconds = (performance.now() - began) / 1000;
const tokenCount = counts.reduce((sum, count) => sum + count, 0);
status.textContent = `${tokenCount} tokens in ${seconds.toFixed(1)} s, ${(tokenCount / seconds).toFixed(1)} tokens/s in all`;

/** Streams one story into a list item; resolves with its number of tokens. */
async function story(subject: string): Promise<number> {
  const item = document.createElement("li");
  list.append(item);
  const content = `Tell me a short story about ${subject}.`;
  const generation = engine.generate([{ role: "user", content }], { temperature: 0.7 });
  for await (const { text } of generation) item.append(text);
  return (await generation.result).usage.outputTokens;
}

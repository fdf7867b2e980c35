import { createEngine } from "../../src/index.ts"; // in a project of your own: "quire-llm"

const answer = document.querySelector("#answer")!;

const engine = await createEngine({
  model: new URL("/models/quire-demo/", location.href).href,
  onProgress: ({ phase, loadedBytes, totalBytes }) => {
    answer.textContent = `${phase}: ${loadedBytes} of ${totalBytes} bytes`;
  },
});

const { text, usage } = await engine.generate([{ role: "user", content: "What is 347 + 285?" }]).result;
answer.textContent = `${text} (${usage.outputTokens} tokens)`;
engine.dispose();

import type { CreateEngineOptions, RunnerKind } from "../index.ts";

const folder = "models/quire-demo/";

/** The model that comes with the page. Absolute, because `models/quire-demo` could also be a hub repository. */
export const demoAddress = new URL(folder, document.baseURI).href;

/** The model that the page's own address asks for. */
export function addressFromUrl(): string | undefined {
  return new URL(location.href).searchParams.get("model")?.trim() || undefined;
}

/** What the page's own address says should run the model: `?runner=webgpu` or `?runner=wasm`. */
export function runnerFromUrl(): Pick<CreateEngineOptions, "runner"> {
  const runner = new URL(location.href).searchParams.get("runner");
  // What is neither is refused in words by the engine.
  return runner === null ? {} : { runner: runner as RunnerKind };
}

/** Writes the model into the page's address, so that a link carries it; the demo model needs no mention. */
export function rememberAddress(address: string): void {
  const url = new URL(location.href);
  if (address === demoAddress) url.searchParams.delete("model");
  else url.searchParams.set("model", address);
  if (url.href !== location.href) history.pushState(null, "", url);
}

/** Whether the demo model is there. A server may answer a missing file with the page itself, so look inside. */
export async function hasDemoModel(): Promise<boolean> {
  try {
    const response = await fetch(`${demoAddress}config.json`);
    return response.ok && typeof (await response.json()) === "object";
  } catch {
    return false;
  }
}

/** A short name for an address: the folder's name, or the repository's. */
export function modelName(address: string): string {
  const path = address.replace(/[?#].*$/, "").replace(/\/+$/, "");
  return path.slice(path.lastIndexOf("/") + 1) || address;
}

/** Real models to begin with: small ones of the Llama family on the Hugging Face hub. */
export const suggestions = [
  { address: "HuggingFaceTB/SmolLM2-135M-Instruct", about: "135 million parameters, 270 MB" },
  { address: "HuggingFaceTB/SmolLM2-360M-Instruct", about: "360 million parameters, 720 MB" },
  { address: "Qwen/Qwen2.5-0.5B-Instruct", about: "490 million parameters, 990 MB" },
] as const;

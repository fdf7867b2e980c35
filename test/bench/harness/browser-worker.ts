import type { AdapterChoice } from "../../../tools/browser.ts";

/**
 * Runs a program in a worker of a headless browser's page and returns the one message it posts, or fails as it
 * fails. `entry` is a file of this repository, bundled here; `input` is the message it gets.
 */
export async function runInBrowserWorker(
  entry: string,
  input: unknown,
  adapter: AdapterChoice = "best",
): Promise<unknown> {
  // Loaded only here: where benchmarks run bundled on a bare machine there is neither of them.
  const { chromium } = await import("@playwright/test");
  const { chromiumLaunchOptions } = await import("../../../tools/browser.ts");
  const { serve } = await import("../../../tools/serve.ts");
  const program = await bundle(entry);
  const server = await serve({ page: "<!doctype html><title>Benchmark</title>", folders: {} });
  const browser = await chromium.launch({ ...chromiumLaunchOptions(adapter), handleSIGINT: false });
  try {
    const page = await browser.newPage();
    await page.goto(server.origin);
    return await page.evaluate(
      ({ program, input }) =>
        new Promise((resolve, reject) => {
          const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
          const worker = new Worker(url, { type: "module" });
          worker.onmessage = ({ data }) =>
            data.error === undefined ? resolve(data) : reject(new Error(data.error));
          worker.onerror = ({ message }) => reject(new Error(message));
          worker.postMessage(input);
        }),
      { program, input },
    );
  } finally {
    await browser.close();
    server.close();
  }
}

async function bundle(entry: string): Promise<string> {
  const { build } = await import("vite");
  const result = await build({
    configFile: false,
    publicDir: false,
    logLevel: "error",
    build: { write: false, target: "es2022", lib: { entry, formats: ["es"], fileName: "program" } },
  });
  const [bundled] = [result].flat();
  if (!bundled || !("output" in bundled)) throw new Error(`Vite made no bundle of ${entry}.`);
  return bundled.output[0].code;
}

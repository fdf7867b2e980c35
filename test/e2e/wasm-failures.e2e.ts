import { test as base, expect } from "@playwright/test";
import { idle, lastAnswer, openReady, send } from "./support.ts";

// Not the suite's own `test`: here the console is meant to complain.
const test = base;
test.describe.configure({ timeout: 120_000 });

const page404 = { status: 404, contentType: "text/html", body: "<p>not here</p>" };

for (const [file, words] of [
  ["wasm", "WebAssembly file could not be started"],
  ["mjs", "script could not be loaded"],
] as const) {
  test(`onnxruntime's .${file} file that is not there is told of, and the model loads once it is`, async ({
    page,
  }) => {
    await page.route(`**/ort-wasm-*.${file}`, (route) => route.fulfill(page404));
    await page.goto("/?model=./models/quire-demo&runner=wasm");
    await expect(page.getByRole("alert")).toContainText("WebAssembly cannot run the model");
    await expect(page.getByTestId("error-text")).toContainText(words);
    await page.unroute(`**/ort-wasm-*.${file}`);
    await page.getByTestId("retry").click();
    await expect(page.locator("#model-dot")).toHaveAttribute("data-state", "ready", { timeout: 60_000 });
    await send(page, "What is 20 + 22?");
    await idle(page);
    await expect(lastAnswer(page)).toContainText("42");
  });
}

test("threads whose script cannot be had are told of, and the page goes on", async ({ page }) => {
  await page.route("**/assets/runtime.worker-*.js", async (route) => {
    const response = await route.fetch();
    const script = await response.text();
    await route.fulfill({ response, body: script.replace("navigator.hardwareConcurrency", "4") });
  });
  // What a worker of a worker fetches cannot be routed, so the script is made to look elsewhere.
  await page.route("**/ort-wasm-*.mjs", async (route) => {
    const response = await route.fetch();
    const script = await response.text();
    const broken = script.replace("new URL(import.meta.url)", 'new URL("missing.mjs", import.meta.url)');
    expect(broken).not.toBe(script);
    await route.fulfill({ response, body: broken });
  });
  await page.goto("/?model=./models/quire-demo&runner=wasm");
  await expect(page.getByTestId("error-text")).toContainText("threads could not be started", {
    timeout: 30_000,
  });
  await page.unroute("**/ort-wasm-*.mjs");
  await page.getByTestId("retry").click();
  await expect(page.locator("#model-dot")).toHaveAttribute("data-state", "ready", { timeout: 60_000 });
});

test("a page on one origin with others answers on one thread", async ({ page }) => {
  await page.route("**/*", async (route) => {
    const response = await route.fetch();
    const {
      "cross-origin-opener-policy": _,
      "cross-origin-embedder-policy": __,
      ...headers
    } = response.headers();
    await route.fulfill({ response, headers });
  });
  await openReady(page, "?runner=wasm");
  await expect(page.getByTestId("stat-adapter")).toHaveText("WebAssembly, 1 thread, int8");
  await send(page, "What is 20 + 22?");
  await idle(page);
  await expect(lastAnswer(page)).toContainText("42");
});

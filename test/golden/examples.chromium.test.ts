import { readdirSync } from "node:fs";
import { type Browser, chromium, type Page } from "@playwright/test";
import { createServer, type ViteDevServer } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chromiumLaunchOptions } from "../../tools/browser.ts";

let server: ViteDevServer;
let browser: Browser;

beforeAll(async () => {
  server = await createServer({ logLevel: "error", server: { port: 0 } });
  await server.listen();
  browser = await chromium.launch(chromiumLaunchOptions());
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** What each example shows when it works, and what a reader must do for it. */
const examples: Record<string, { readonly shows: RegExp; act?(page: Page): Promise<void> }> = {
  "01-one-answer": { shows: /347 \+ 285 = 632 \(\d+ tokens\)/ },
  "02-chat-stream": {
    shows: /You: What is 20 \+ 22\?\s*Model: 20 \+ 22 = 42/,
    async act(page) {
      await page.getByLabel("Message").fill("What is 20 + 22?");
      await page.getByRole("button", { name: "Send" }).click();
    },
  },
  "03-many-streams": { shows: /\d+ tokens in [\d.]+ s, [\d.]+ tokens\/s in all/ },
};

test("every example is tried", () => {
  expect(Object.keys(examples)).toEqual(readdirSync("examples").sort());
});

for (const [name, { shows, act }] of Object.entries(examples)) {
  test(`example ${name} works, and the console stays empty`, async () => {
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    await page.goto(`${server.resolvedUrls!.local[0]}examples/${name}/`);
    await act?.(page);
    await expect.poll(() => page.textContent("body"), { timeout: 100_000 }).toMatch(shows);
    expect(faults).toEqual([]);
    await page.close();
  });
}

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test as base, expect, type Page } from "@playwright/test";
import type { ErrorShape, LoadedModel, LoadProgress } from "../../src/protocol.ts";

/** What the fake runtime does. */
export interface FakePlan {
  readonly progress?: readonly LoadProgress[];
  readonly progressMs?: number;
  readonly loadError?: ErrorShape;
  readonly model?: Partial<LoadedModel>;
  /** The answer, piece by piece. */
  readonly chunks?: readonly string[];
  readonly chunkMs?: number;
  /** Answer with what was asked, as a block of JSON. */
  readonly echo?: boolean;
  /** Index of the piece before which the worker dies. */
  readonly dieAt?: number;
  readonly requestError?: ErrorShape;
  readonly finishReason?: "stop" | "length";
}

const file = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), "utf8");

/** Puts the fake runtime in the place of the worker's script; returns a function that changes its plan. */
export async function fakeRuntime(page: Page, first: FakePlan): Promise<(plan: FakePlan) => void> {
  let plan = first;
  const javascript = (body: string) => ({
    contentType: "text/javascript",
    headers: { "Cross-Origin-Embedder-Policy": "require-corp" },
    body,
  });
  await page.route("**/assets/runtime.worker-*.js", (route) =>
    route.fulfill(javascript(file("./fixtures/fake-runtime.js"))),
  );
  await page.route("**/comlink.mjs", (route) =>
    route.fulfill(javascript(file("../../node_modules/comlink/dist/esm/comlink.mjs"))),
  );
  await page.route("**/fake-plan.json", (route) => route.fulfill({ json: plan }));
  return (next) => {
    plan = next;
  };
}

/** Opens the page with a model and waits until it can answer. */
export async function openReady(page: Page, query = "?model=https://models.example/tiny"): Promise<void> {
  await page.goto(`/${query}`);
  await ready(page);
}

/** Waits until the model can answer. */
export async function ready(page: Page): Promise<void> {
  await expect(page.locator("#model-dot")).toHaveAttribute("data-state", "ready", { timeout: 120_000 });
}

/** Writes a message and sends it with Enter. */
export async function send(page: Page, text: string): Promise<void> {
  await page.getByTestId("composer-text").fill(text);
  await page.getByTestId("composer-text").press("Enter");
}

/** The text of the newest answer. */
export function lastAnswer(page: Page) {
  return page.getByTestId("turn-assistant").last().getByTestId("turn-text");
}

/** Whether nothing is being written. */
export async function idle(page: Page): Promise<void> {
  await expect(page.getByTestId("send")).toBeVisible({ timeout: 60_000 });
}

/** A page that must neither log an error nor ask another origin for anything. */
export const test = base.extend<{ faults: string[] }>({
  faults: [
    async ({ page, baseURL }, use) => {
      const faults: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") faults.push(message.text());
      });
      page.on("pageerror", (error) => faults.push(String(error)));
      page.on("request", (request) => {
        const url = request.url();
        if (!url.startsWith(baseURL!) && !url.startsWith("data:") && !url.startsWith("blob:"))
          faults.push(`external request: ${url}`);
      });
      await use(faults);
      expect(faults).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

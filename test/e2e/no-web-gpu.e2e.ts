import { chromiumLaunchOptions } from "../../tools/browser.ts";
import { expect, idle, lastAnswer, openReady, send, test } from "./support.ts";

test.use({ launchOptions: chromiumLaunchOptions("none") });
test.describe.configure({ timeout: 240_000 });

test("without WebGPU the page answers from WebAssembly, stops in the middle, and remembers", async ({
  page,
}) => {
  await openReady(page, "");
  await expect(page.getByTestId("stat-adapter")).toHaveText(/^WebAssembly, \d+ threads?, int8$/);
  await expect(page.getByTestId("stat-adapter")).toHaveAttribute("title", /no graphics adapter|no WebGPU/);
  await send(page, "Tell me a short story about a fox in a lighthouse.");
  await expect.poll(async () => (await lastAnswer(page).textContent())?.length).toBeGreaterThan(10);
  await page.getByTestId("stop").click();
  await idle(page);
  await send(page, "What is 20 + 22?");
  await idle(page);
  await expect(lastAnswer(page)).toContainText("42");
  await page.getByTestId("new-chat").click();
  await send(page, "Remember that the code of the blue door is KX-409.");
  await idle(page);
  await send(page, "What is the code of the blue door?");
  await idle(page);
  await expect(lastAnswer(page)).toContainText("KX-409");
});

test("WebGPU asked for where there is none is refused, and the page explains", async ({ page }) => {
  await page.goto("/?model=./models/quire-demo&runner=webgpu");
  await expect(page.getByRole("alert")).toContainText("No usable GPU");
  await expect(page.getByRole("alert")).toContainText("could not open a graphics adapter");
});

test("WebAssembly's file is fetched only when it is used", async ({ page }) => {
  const fetched: string[] = [];
  page.on("request", (request) => fetched.push(new URL(request.url()).pathname));
  await page.goto("/?model=./models/quire-demo&runner=webgpu");
  await expect(page.getByRole("alert")).toBeVisible();
  expect(fetched.filter((path) => path.includes("ort-wasm"))).toEqual([]);
});

import { expect, idle, lastAnswer, openReady, send, test } from "./support.ts";

test.describe.configure({ timeout: 180_000 });

test("the bundled model introduces itself, and a sample prompt is answered rightly", async ({ page }) => {
  await openReady(page, "?runner=webgpu");
  await expect(page.getByTestId("model-description")).toContainText("4.53 million parameters");
  await page.getByTestId("sample").filter({ hasText: "Add two numbers" }).click();
  await idle(page);
  await expect(lastAnswer(page)).toContainText("632");
  await expect(page.getByTestId("stat-rate")).toHaveText(/^[\d.]+ tokens\/s$/);
  await expect(page.getByTestId("stat-first-token")).toHaveText(/first token/);
  await expect(page.getByTestId("stat-context")).toHaveText(/^context \d+ of 2,048$/);
  await expect(page.getByTestId("stat-adapter")).toHaveText(/software adapter/);
});

test("an answer streams, stops in the middle, and the conversation goes on", async ({ page }) => {
  await openReady(page, "?runner=webgpu");
  await send(page, "Tell me a short story about a fox in a lighthouse.");
  const text = async () => (await lastAnswer(page).textContent()) ?? "";
  await expect.poll(async () => (await text()).length).toBeGreaterThan(10);
  const early = await text();
  await expect.poll(async () => (await text()).length).toBeGreaterThan(early.length);
  await page.getByTestId("stop").click();
  await idle(page);
  expect(await text()).toContain(early.slice(0, 10));
  await expect(page.getByTestId("composer-text")).toBeFocused();
  await send(page, "What is 20 + 22?");
  await idle(page);
  await expect(lastAnswer(page)).toContainText("42");
});

test("a fact told in one turn is known in the next", async ({ page }) => {
  await openReady(page, "?runner=webgpu");
  await send(page, "Remember that the code of the blue door is KX-409.");
  await idle(page);
  await send(page, "What is the code of the blue door?");
  await idle(page);
  await expect(lastAnswer(page)).toContainText("KX-409");
});

test("a folder's address in the page's address is loaded, at phone width", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await openReady(page, "?model=./models/quire-demo&runner=webgpu");
  await page.getByTestId("model-button").click();
  await expect(page.getByTestId("model-about")).toContainText("LlamaForCausalLM");
  await page.keyboard.press("Escape");
  await send(page, "What is 20 + 22?");
  await idle(page);
  await expect(lastAnswer(page)).toContainText("42");
});

test("a seed makes a sampled answer repeatable", async ({ page }) => {
  await page.addInitScript(() =>
    localStorage.setItem("quire.settings", JSON.stringify({ temperature: 0.9, seed: 7, maxTokens: 24 })),
  );
  await openReady(page, "?runner=webgpu");
  await send(page, "Tell me a short story about an owl.");
  await idle(page);
  const first = await lastAnswer(page).textContent();
  await expect(page.getByTestId("note-info")).toContainText("Cut off");
  await page.getByTestId("regenerate").click();
  await idle(page);
  expect(await lastAnswer(page).textContent()).toBe(first);
});

import type { Page } from "@playwright/test";
import { expect, fakeRuntime, idle, lastAnswer, openReady, send, test } from "./support.ts";

async function echoed(page: Page): Promise<{ prompt: unknown; options: unknown }> {
  await idle(page);
  return JSON.parse((await lastAnswer(page).locator("code").textContent()) ?? "");
}

const echoedPrompt = async (page: Page) => (await echoed(page)).prompt;

const words = Array.from({ length: 60 }, (_, index) => `word${index} `);

test("Escape stops an answer, what is written stays, and the focus is in the field", async ({ page }) => {
  await fakeRuntime(page, { chunks: words, chunkMs: 30 });
  await openReady(page);
  await send(page, "Hello");
  await expect(lastAnswer(page)).toContainText("word3");
  await page.keyboard.press("Escape");
  await idle(page);
  await expect(page.getByTestId("note-info")).toHaveText("Stopped.");
  await expect(lastAnswer(page)).not.toContainText("word59");
  await expect(page.getByTestId("composer-text")).toBeFocused();
});

test("Shift+Enter breaks the line and Enter sends", async ({ page }) => {
  await fakeRuntime(page, { echo: true });
  await openReady(page);
  const field = page.getByTestId("composer-text");
  await field.pressSequentially("one");
  await field.press("Shift+Enter");
  await field.pressSequentially("two");
  await field.press("Enter");
  await expect(page.getByTestId("turn-user").getByTestId("turn-text")).toHaveText("one\ntwo");
  await expect(field).toHaveValue("");
});

test("settings reach the next request, survive a reload of the page and never reload the model", async ({
  page,
}) => {
  await fakeRuntime(page, { echo: true });
  await openReady(page);
  await page.getByTestId("settings-button").click();
  await page.getByTestId("setting-temperature").fill("0.25");
  await page.getByTestId("setting-topK").fill("40");
  await page.getByTestId("setting-topP").fill("7");
  await page.getByTestId("setting-systemPrompt").fill("Be brief.");
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("settings-panel")).toBeHidden();
  await expect(page.locator("#model-dot")).toHaveAttribute("data-state", "ready");
  await page.reload();
  await expect(page.locator("#model-dot")).toHaveAttribute("data-state", "ready");
  await send(page, "Hello");
  await idle(page);
  const asked = await echoed(page);
  expect(asked.options).toEqual({ temperature: 0.25, topK: 40 });
  expect(asked.prompt).toEqual([
    { role: "system", content: "Be brief." },
    { role: "user", content: "Hello" },
  ]);
});

test("a second turn carries the first, and regenerating asks for the last answer again", async ({ page }) => {
  const change = await fakeRuntime(page, { chunks: ["First."] });
  await openReady(page);
  await send(page, "One");
  await idle(page);
  change({ echo: true });
  await page.getByTestId("regenerate").click();
  await idle(page);
  await expect(page.getByTestId("turn-assistant")).toHaveCount(1);
  const one = { role: "user", content: "One" };
  expect(await echoedPrompt(page)).toEqual([one]);
  change({ chunks: ["First, again."] });
  await page.getByTestId("regenerate").click();
  await expect(lastAnswer(page)).toHaveText("First, again.");
  change({ echo: true });
  await send(page, "Two");
  await expect(page.getByTestId("turn-assistant")).toHaveCount(2);
  const first = { role: "assistant", content: "First, again." };
  expect(await echoedPrompt(page)).toEqual([one, first, { role: "user", content: "Two" }]);
  await expect(page.getByTestId("regenerate").first()).toBeHidden();
});

test("the last message can be written anew", async ({ page }) => {
  await fakeRuntime(page, { echo: true });
  await openReady(page);
  await send(page, "Helo");
  await idle(page);
  await page.getByTestId("edit").click();
  await expect(page.getByTestId("composer-text")).toBeFocused();
  await expect(page.getByTestId("composer-text")).toHaveValue("Helo");
  await send(page, "Hello");
  expect(await echoedPrompt(page)).toEqual([{ role: "user", content: "Hello" }]);
});

test("a base model is given the text as it is, and the page says so", async ({ page }) => {
  await fakeRuntime(page, { echo: true, model: { chat: false } });
  await openReady(page);
  await expect(page.getByTestId("model-description")).toContainText("continues the text you write");
  await send(page, "Once upon");
  expect(await echoedPrompt(page)).toBe("Once upon");
});

test("after a tool call the reader plays the tool", async ({ page }) => {
  const call = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>';
  const tool = { type: "function", function: { name: "get_weather" } };
  const sample = { title: "Call a tool", messages: [{ role: "user", content: "Weather?" }], tools: [tool] };
  await page.route("**/models/quire-demo/config.json", (route) => route.fulfill({ json: {} }));
  await page.route("**/models/quire-demo/samples.json", (route) => route.fulfill({ json: [sample] }));
  const change = await fakeRuntime(page, { chunks: [call] });
  await openReady(page, "");
  await page.getByTestId("sample").click();
  await idle(page);
  await expect(lastAnswer(page).locator("figcaption")).toHaveText("Tool call");
  await expect(lastAnswer(page).locator("pre")).toHaveText(/^\{"name": "get_weather"/);
  await expect(page.getByTestId("composer-text")).toHaveAttribute("placeholder", /Play the tool/);
  change({ echo: true });
  await send(page, '{"temperature": 21}');
  await expect(page.getByTestId("turn-tool")).toHaveText(/Tool result/);
  const { prompt, options } = await echoed(page);
  expect(options).toEqual({ tools: [tool] });
  expect(prompt).toEqual([
    ...sample.messages,
    { role: "assistant", content: call },
    { role: "tool", content: '{"temperature": 21}' },
  ]);
});

test("the page follows the answer only while the reader is at its end", async ({ page }) => {
  const lines = Array.from({ length: 400 }, (_, index) => `line ${index}\n\n`);
  await fakeRuntime(page, { chunks: lines, chunkMs: 5 });
  await openReady(page);
  await send(page, "Hello");
  const scroller = page.locator("#scroller");
  const fromEnd = () => scroller.evaluate((each) => each.scrollHeight - each.clientHeight - each.scrollTop);
  await expect(lastAnswer(page)).toContainText("line 60");
  expect(await fromEnd()).toBeLessThan(60);
  await scroller.hover();
  await page.mouse.wheel(0, -300);
  await expect.poll(fromEnd).toBeGreaterThan(400);
  await page.getByTestId("jump-to-end").click();
  await expect.poll(fromEnd).toBeLessThan(60);
});

test("a frame of streaming leaves the finished turns and blocks alone", async ({ page }) => {
  const paragraphs = Array.from({ length: 100 }, (_, index) => `Paragraph ${index} with *some* text.\n\n`);
  await fakeRuntime(page, { chunks: paragraphs, chunkMs: 5 });
  await openReady(page);
  await send(page, "Hello");
  await expect(lastAnswer(page)).toContainText("Paragraph 3");
  const first = await lastAnswer(page).locator("p").first().elementHandle();
  await idle(page);
  expect(await first?.evaluate((node) => node.isConnected)).toBe(true);
  await expect(lastAnswer(page).locator("p")).toHaveCount(100);
});

test("a new chat is empty, and leaves an answer under way behind", async ({ page }) => {
  await fakeRuntime(page, { chunks: words, chunkMs: 30 });
  await openReady(page);
  await send(page, "Hello");
  await expect(lastAnswer(page)).toContainText("word2");
  await page.getByTestId("new-chat").click();
  await expect(page.getByTestId("conversation")).toBeEmpty();
  await expect(page.getByTestId("welcome")).toBeVisible();
  await send(page, "Again");
  await expect(page.getByTestId("turn-assistant")).toHaveCount(1);
});

test("everything can be reached by keyboard alone", async ({ page }) => {
  await fakeRuntime(page, { chunks: ["Hi."] });
  await openReady(page);
  await expect(page.getByTestId("composer-text")).toBeFocused();
  await page.keyboard.type("Hello");
  await page.keyboard.press("Enter");
  await idle(page);
  const reached: (string | undefined)[] = [];
  for (let step = 0; step < 12; step++) {
    await page.keyboard.press("Tab");
    reached.push(await page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset.testid));
  }
  for (const id of ["model-button", "new-chat", "settings-button", "copy", "regenerate", "composer-text"])
    expect(reached).toContain(id);
});

for (const width of [360, 768, 1280])
  test(`nothing is cut off or scrolls sideways at ${width} px`, async ({ page }) => {
    const wide = `${"x".repeat(300)}\n\n\`\`\`\n${"code ".repeat(80)}\n\`\`\`\n\n|${"a|".repeat(20)}\n|${"-|".repeat(20)}\n`;
    await page.setViewportSize({ width, height: 700 });
    await fakeRuntime(page, { chunks: [wide] });
    await openReady(page);
    await send(page, `long ${"y".repeat(300)}`);
    await idle(page);
    const overflow = () =>
      page.evaluate(() =>
        [document.documentElement, document.querySelector("#content")!].map(
          (each) => each.scrollWidth - each.clientWidth,
        ),
      );
    expect(await overflow()).toEqual([0, 0]);
    await page.getByTestId("model-button").click();
    await expect(page.getByTestId("model-panel")).toBeInViewport();
    expect(await overflow()).toEqual([0, 0]);
  });

import { expect, fakeRuntime, idle, lastAnswer, openReady, send, test } from "./support.ts";

const hostile = [
  "<script>document.title = 'owned'</script>\n\n",
  "<img src=x onerror=\"document.title = 'owned'\"> and <b>bold</b>\n\n",
  "<iframe src='https://evil.example'></iframe>\n\n",
  "<svg onload=\"document.title = 'owned'\"></svg>\n\n",
  "[script](javascript:document.title='owned') [data](data:text/html,<script>1</script>) [rel](/settings)\n\n",
  "[safe](https://example.org) <https://example.org/auto> [mail](mailto:a@example.org)\n\n",
  "![a picture](https://evil.example/pixel.png)\n\n",
  "<style>body { display: none }</style>\n\n",
  "```html\n<script>document.title = 'owned'</script>\n```\n\n",
  "[x](https://example.org \"t\" onclick=\"alert(1)\")\n\n<a href='https://e.example' onclick='alert(1)'>a</a>",
];

test("what a model writes never becomes HTML, an image, or a link to anything but the web and mail", async ({
  page,
}) => {
  await fakeRuntime(page, { chunks: hostile, chunkMs: 20 });
  await openReady(page);
  await send(page, "Hello");
  await idle(page);
  const answer = lastAnswer(page);
  await expect(answer.locator("script, img, iframe, svg, style, form, input, b")).toHaveCount(0);
  await expect(answer).toContainText("<script>document.title = 'owned'</script>");
  await expect(answer).toContainText("<img src=x");
  await expect(page).toHaveTitle("Quire");
  const links = await answer
    .locator("a[href]")
    .evaluateAll((all) =>
      all.map((each) => ({ href: each.getAttribute("href"), rel: each.getAttribute("rel") })),
    );
  expect(links.map(({ href }) => href)).toEqual(
    expect.arrayContaining(["https://example.org", "mailto:a@example.org", "https://evil.example/pixel.png"]),
  );
  for (const { href, rel } of links) {
    expect(href).toMatch(/^(https?:|mailto:)/);
    expect(rel).toContain("noopener");
  }
  const handlers = await answer.evaluate((root) =>
    [...root.querySelectorAll("*")]
      .flatMap((each) => each.getAttributeNames())
      .filter((name) => /^on|style/.test(name)),
  );
  expect(handlers).toEqual([]);
});

test("what the reader writes stays text", async ({ page }) => {
  await fakeRuntime(page, { chunks: ["ok"] });
  await openReady(page);
  await send(page, "<img src=x onerror=alert(1)> **not bold**");
  await expect(page.getByTestId("turn-user").getByTestId("turn-text")).toHaveText(
    "<img src=x onerror=alert(1)> **not bold**",
  );
});

import { expect, fakeRuntime, idle, lastAnswer, openReady, ready, send, test } from "./support.ts";

const words = Array.from({ length: 40 }, (_, index) => `word${index} `);

test("a worker that dies under an answer keeps what was written and is loaded again on request", async ({
  page,
}) => {
  const change = await fakeRuntime(page, { chunks: words, chunkMs: 10, dieAt: 5 });
  await openReady(page);
  await send(page, "Hello");
  await expect(page.getByTestId("model-lost")).toContainText("died");
  await expect(lastAnswer(page)).toContainText("word4");
  await expect(page.getByTestId("note-info")).toHaveText("Interrupted.");
  await expect(page.getByTestId("send")).toBeDisabled();
  change({ chunks: ["back again"] });
  await page.getByTestId("retry").click();
  await expect(page.getByTestId("notice")).toBeEmpty();
  await send(page, "And now?");
  await expect(lastAnswer(page)).toHaveText("back again");
});

test("a load error is shown in Quire's own words and the load can be tried again", async ({ page }) => {
  const message =
    "config.json: expected model_type to be llama, got mamba. Choose a model of the Llama family.";
  const change = await fakeRuntime(page, { loadError: { name: "ModelError", message } });
  await page.goto("/?model=owner/name");
  await expect(page.getByTestId("error-text")).toHaveText(message);
  change({ chunks: ["Hi."] });
  await page.getByTestId("retry").click();
  await expect(page.getByTestId("notice")).toBeEmpty();
  await send(page, "Hello");
  await expect(lastAnswer(page)).toHaveText("Hi.");
});

test("a load shows its bytes and can be cancelled", async ({ page }) => {
  const weights = (loadedBytes: number) => ({ phase: "weights", loadedBytes, totalBytes: 270e6 }) as const;
  await fakeRuntime(page, { progress: [weights(34e6), weights(35e6), weights(36e6)], progressMs: 1000 });
  await page.goto("/?model=owner/name");
  await expect(page.getByTestId("load-phase")).toHaveText("Weights 34 of 270 MB");
  await page.getByTestId("cancel-load").click();
  await expect(page.getByTestId("cancelled")).toBeVisible();
  await expect(page.getByTestId("send")).toBeDisabled();
  await page.getByTestId("retry").click();
  await expect(page.getByTestId("load-phase")).toHaveText("Weights 34 of 270 MB");
});

test("a refused request leaves the model usable", async ({ page }) => {
  const message = "The prompt has 3,000 tokens and the context holds 2,048. Shorten it.";
  const change = await fakeRuntime(page, { chunks: [], requestError: { name: "CapacityError", message } });
  await openReady(page);
  await send(page, "Hello");
  await expect(page.getByTestId("note-error")).toHaveText(message);
  change({ chunks: ["Fine."] });
  await expect(page.getByTestId("notice")).toBeEmpty();
  await page.getByTestId("regenerate").click();
  await expect(lastAnswer(page)).toHaveText("Fine.");
});

test("without WebGPU the page says what that means and which browsers have it", async ({ page }) => {
  const message = "This browser has no WebGPU.";
  await page.addInitScript(() => Object.defineProperty(navigator, "gpu", { value: undefined }));
  await fakeRuntime(page, { loadError: { name: "DeviceError", message } });
  await page.goto("/?model=owner/name");
  await expect(page.getByRole("alert")).toContainText("No usable GPU");
  await expect(page.getByTestId("error-text")).toHaveText(message);
  await expect(page.getByTestId("no-webgpu")).toBeVisible();
  await expect(page.getByRole("alert")).toContainText("Firefox from 141");
});

test("without the bundled model the page asks for one and the choice goes into its address", async ({
  page,
}) => {
  await page.route("**/models/quire-demo/config.json", (route) =>
    route.fulfill({ contentType: "text/html", body: "<p>not here</p>" }),
  );
  await fakeRuntime(page, { chunks: ["Hi."] });
  await page.goto("/");
  await page.getByTestId("model-address-start").fill("owner/name");
  await page.getByTestId("model-load-start").click();
  await expect(page).toHaveURL(/\?model=owner%2Fname$/);
  await ready(page);
  await send(page, "Hello");
  await idle(page);
  await expect(lastAnswer(page)).toHaveText("Hi.");
});

import { chromiumLaunchOptions } from "../../tools/browser.ts";
import { expect, test } from "./support.ts";

const { args = [], ...options } = chromiumLaunchOptions();

test.use({ launchOptions: { ...options, args: [...args, "--disable-blink-features=WebGPU"] } });

test("in a browser without WebGPU the real runtime is refused and the page explains", async ({ page }) => {
  await page.goto("/?model=./models/quire-demo");
  await expect(page.getByRole("alert")).toContainText("No usable GPU");
  await expect(page.getByTestId("no-webgpu")).toBeVisible();
});

import { chromiumLaunchOptions } from "../../tools/browser.ts";
import { expect, test } from "./support.ts";

test.use({ launchOptions: chromiumLaunchOptions("none") });

test("in a browser that gives no adapter the real runtime is refused and the page explains", async ({
  page,
}) => {
  await page.goto("/?model=./models/quire-demo");
  await expect(page.getByRole("alert")).toContainText("No usable GPU");
  await expect(page.getByRole("alert")).toContainText("could not open a graphics adapter");
});

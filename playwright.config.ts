import { defineConfig } from "@playwright/test";
import { chromiumLaunchOptions } from "./tools/browser.ts";

const port = 4317;
const report = process.env.QUIRE_REPORT;

// The built page (`vite build`) in a real browser. Most tests put a fake runtime in the worker's place, to cause
// what is hard to cause otherwise; `real-model.e2e.ts` runs the real one.
export default defineConfig({
  testDir: "test/e2e",
  testMatch: "*.e2e.ts",
  outputDir: "test-results",
  // `npm test` names a file for the counts.
  reporter: report ? [["list"], ["json", { outputFile: report }]] : "list",
  // Long enough for a machine that is busy with other things: a test may fail on what is shown, never on time.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  workers: 1,
  use: {
    baseURL: `http://localhost:${port}`,
    launchOptions: chromiumLaunchOptions(),
  },
  webServer: {
    command: `npx vite preview --port ${port} --strictPort`,
    url: `http://localhost:${port}`,
    reuseExistingServer: false,
  },
});

import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { chromiumLaunchOptions } from "./tools/browser.ts";

// Kernels are tested twice, on two drivers: in Chromium on its software adapter (no f16, subgroups of 4) and
// in Node with Dawn on whatever Vulkan or Metal driver is there (lavapipe: f16, subgroups of 8).
export default defineConfig({
  test: {
    reporters: ["default"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          environment: "node",
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "dawn",
          include: ["test/gpu/**/*.test.ts", "test/golden/*.dawn.test.ts"],
          environment: "node",
          setupFiles: ["test/support/dawn.ts"],
          testTimeout: 120_000,
          // Dawn's software drivers use every core; side by side they only wait for each other.
          fileParallelism: false,
        },
      },
      {
        // Drives the built runtime in a browser from outside, as a user of it does.
        test: {
          name: "golden",
          include: ["test/golden/*.chromium.test.ts"],
          environment: "node",
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        // Found late, these would have the browser reload in the middle of a test.
        optimizeDeps: { include: ["@huggingface/jinja", "@huggingface/tokenizers"] },
        test: {
          name: "chromium",
          include: ["test/gpu/**/*.test.ts"],
          // The page has no environment of its own.
          env: { QUIRE_FULL: process.env.QUIRE_FULL ?? "" },
          testTimeout: 120_000,
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: chromiumLaunchOptions() }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});

import { existsSync } from "node:fs";
import { chromium, type LaunchOptions } from "@playwright/test";

const systemBrowsers = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** The browser to test with: Playwright's own where it is installed, else the system's. */
export function findBrowser(): string | undefined {
  return [chromium.executablePath(), ...systemBrowsers].find((path) => path !== "" && existsSync(path));
}

/**
 * How to start a headless Chromium that computes WebGPU on the CPU, so that every machine gives the same
 * answers. The background services are off because a machine without a network lets them hang.
 */
export function chromiumLaunchOptions(): LaunchOptions {
  const executablePath = findBrowser();
  return {
    ...(executablePath ? { executablePath } : {}),
    args: [
      "--no-sandbox",
      "--enable-unsafe-webgpu",
      "--use-webgpu-adapter=swiftshader",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-quic",
    ],
  };
}

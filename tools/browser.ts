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
 * Which adapter WebGPU gives: "software" computes on the CPU, so that every machine gives the same answers;
 * "best" is the graphics card's, and the software one where there is no card; "none" finds no adapter.
 */
export type AdapterChoice = "software" | "best" | "none";

const adapterArguments: Readonly<Record<AdapterChoice, readonly string[]>> = {
  software: ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
  best: ["--enable-unsafe-webgpu", "--enable-features=Vulkan"],
  none: ["--disable-gpu"],
};

/**
 * How to start a headless Chromium. The background services are off because a machine without a
 * network lets them hang.
 */
export function chromiumLaunchOptions(adapter: AdapterChoice = "software"): LaunchOptions {
  const executablePath = findBrowser();
  return {
    ...(executablePath ? { executablePath } : {}),
    args: [
      "--no-sandbox",
      ...adapterArguments[adapter],
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-quic",
    ],
  };
}

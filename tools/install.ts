import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { findBrowser } from "./browser.ts";
import { succeeds } from "./process.ts";

/** Finds a browser to test with, or installs one: Playwright's own where it can be had, else the system's package. */
export function ensureBrowser(): string {
  const install = () => succeeds("npx", ["playwright", "install", "chromium"]) || aptInstall(["chromium"]);
  const browser = findBrowser() ?? (install() ? findBrowser() : undefined);
  if (browser) return browser;
  throw new Error(
    "No Chromium to test with: `npx playwright install chromium` failed and no system package could be installed. " +
      "Install Chromium or Google Chrome and run this again.",
  );
}

const lavapipe = "/usr/share/vulkan/icd.d/lvp_icd.json";
/** Comes with Chromium, a little way from the browser's program. */
const swiftshader = ["/usr/lib/chromium/vk_swiftshader_icd.json"];

/**
 * The environment in which Dawn finds a driver. On Linux that is Mesa's lavapipe from version 25 on, which computes
 * on the CPU and has f16; where it cannot be had, Chromium's own SwiftShader. macOS has Metal.
 */
export function dawnEnvironment(browser: string): NodeJS.ProcessEnv {
  if (process.platform !== "linux" || process.env.VK_ICD_FILENAMES) return {};
  const beside = `${browser.slice(0, browser.lastIndexOf("/"))}/vk_swiftshader_icd.json`;
  const candidates = [lavapipe, beside, ...swiftshader];
  const usable = () =>
    candidates
      .map((path) => ({ VK_ICD_FILENAMES: path }))
      .find((env) => existsSync(env.VK_ICD_FILENAMES) && hasAdapter(env));
  if (!hasAdapter({ VK_ICD_FILENAMES: lavapipe })) installLavapipe();
  const env = usable();
  if (env) return env;
  throw new Error(
    "No Vulkan driver to test with: install Mesa 25 or later (Debian 12: mesa-vulkan-drivers from bookworm-backports).",
  );
}

function hasAdapter(env: NodeJS.ProcessEnv): boolean {
  const probe =
    'import("webgpu").then(async ({ create }) => process.exit((await create([]).requestAdapter()) ? 0 : 1), () => process.exit(1))';
  return succeeds(process.execPath, ["--input-type=module", "-e", probe], env);
}

/** Debian 12's own Mesa is too old for Dawn; its backports have a newer one, named by a copy of its own sources. */
function installLavapipe(): void {
  const folder = "/etc/apt/sources.list.d";
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  if (process.getuid?.() !== 0 || !/^ID=debian$/m.test(release) || !existsSync(folder)) return;
  const packages = ["mesa-vulkan-drivers", "libvulkan1"];
  if (!/VERSION_CODENAME=bookworm/.test(release)) {
    aptInstall(packages);
    return;
  }
  const own = readdirSync(folder).find((name) => name.endsWith(".sources") && name.startsWith("debian"));
  if (!own) return;
  const [stanza] = readFileSync(`${folder}/${own}`, "utf8").split("\n\n");
  writeFileSync(
    `${folder}/bookworm-backports.sources`,
    `${stanza!.replace(/^Suites:.*$/m, "Suites: bookworm-backports")}\n`,
  );
  aptInstall(["-t", "bookworm-backports", ...packages]);
}

function aptInstall(args: readonly string[]): boolean {
  if (process.getuid?.() !== 0) return false;
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  return succeeds("apt-get", ["update"], env) && succeeds("apt-get", ["install", "-y", ...args], env);
}

import { existsSync, readdirSync, statSync } from "node:fs";
import { build } from "vite";

const entry = "dist/quire.js";
const sources = ["src", "workers", "shaders", "vite.config.ts", "package-lock.json"];

/** The folder with the runtime as npm ships it, built first where it is missing or older than its sources. */
export async function builtPackage(): Promise<string> {
  const builtMs = existsSync(entry) ? statSync(entry).mtimeMs : 0;
  if (newestMs(sources) > builtMs) await build({ mode: "package", logLevel: "error" });
  return "dist";
}

function newestMs(paths: readonly string[]): number {
  const files = paths.flatMap((path) => {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path, { recursive: true, encoding: "utf8" });
    return [path, ...names.map((name) => `${path}/${name}`)];
  });
  return Math.max(...files.map((path) => statSync(path).mtimeMs));
}

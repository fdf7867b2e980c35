import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { build } from "vite";

const folder = "dist";
const entry = `${folder}/quire.js`;
const sources = ["src", "workers", "shaders", "vite.config.ts", "package-lock.json"];

/** The folder with the runtime as npm ships it, built first where it is missing or older than its sources. */
export async function builtPackage(): Promise<string> {
  const builtMs = existsSync(entry) ? statSync(entry).mtimeMs : 0;
  if (newestMs(sources) > builtMs) await buildPackage();
  return folder;
}

/** Builds, and removes what an earlier build left: the names of files change with their contents. */
async function buildPackage(): Promise<void> {
  const built = await build({ mode: "package", logLevel: "error" });
  const outputs = [built].flat().flatMap((each) => ("output" in each ? each.output : []));
  const names = new Set(outputs.map(({ fileName }) => fileName));
  for (const name of readdirSync(`${folder}/assets`))
    if (!names.has(`assets/${name}`)) rmSync(`${folder}/assets/${name}`);
}

function newestMs(paths: readonly string[]): number {
  const files = paths.flatMap((path) => {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path, { recursive: true, encoding: "utf8" });
    return [path, ...names.map((name) => `${path}/${name}`)];
  });
  return Math.max(...files.map((path) => statSync(path).mtimeMs));
}

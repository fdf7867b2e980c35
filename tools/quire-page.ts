import { chromium, type Page } from "@playwright/test";
import { type AdapterChoice, chromiumLaunchOptions } from "./browser.ts";
import { builtPackage } from "./built-package.ts";
import { serve } from "./serve.ts";

/** A page of a headless browser that has imported the built runtime, as the global `quire`. */
export interface QuirePage {
  readonly page: Page;
  /** Where the served folders are: an absolute address for `createEngine`. */
  urlOf(path: string): string;
  close(): Promise<void>;
}

export interface QuirePageOptions {
  readonly adapter?: AdapterChoice;
  /** Further folders to serve, by path: `{ "/model/": "path/to/folder" }`. */
  readonly folders?: Readonly<Record<string, string>>;
  /** Features of the browser's to turn on. */
  readonly features?: readonly string[];
}

/** The name under which code inside `page.evaluate` finds the runtime. */
declare global {
  var quire: typeof import("../src/index.ts");
}

const html = `<!doctype html>
<title>Quire</title>
<link rel="icon" href="data:," />
<script type="module">
  import * as quire from "/quire/quire.js";
  globalThis.quire = quire;
</script>
`;

/** Builds the runtime where that is due, serves it on this machine and opens a page with it. */
export async function openQuirePage({
  adapter = "best",
  folders = {},
  features = [],
}: QuirePageOptions = {}): Promise<QuirePage> {
  const server = await serve({ page: html, folders: { ...folders, "/quire/": await builtPackage() } });
  const launch = chromiumLaunchOptions(adapter);
  // Whoever opened the page closes it on Ctrl-C, and not Playwright, which would end the process there and then.
  const own = { handleSIGINT: false, args: withFeatures(launch.args ?? [], features) };
  const browser = await chromium.launch({ ...launch, ...own });
  const close = async () => {
    await browser.close();
    server.close();
  };
  try {
    const page = await browser.newPage();
    page.on("pageerror", (error) => process.stderr.write(`The page failed: ${error}\n`));
    await page.goto(server.origin);
    await page.waitForFunction(() => "quire" in globalThis);
    return { page, urlOf: (path) => `${server.origin}${path}`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Of several lists of features the browser heeds the last only. */
function withFeatures(args: readonly string[], features: readonly string[]): string[] {
  const prefix = "--enable-features=";
  const lists = args.filter((arg) => arg.startsWith(prefix)).map((arg) => arg.slice(prefix.length));
  const others = args.filter((arg) => !arg.startsWith(prefix));
  const all = [...lists, ...features];
  return all.length === 0 ? others : [...others, `${prefix}${all.join(",")}`];
}

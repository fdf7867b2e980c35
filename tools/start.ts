// `npm start [port]`: builds the chat page, serves it and opens it in a browser.
import { spawn } from "node:child_process";
import { build, preview } from "vite";

const PORT = 4173;

async function main(): Promise<void> {
  const port = Number(process.argv[2] ?? PORT);
  await build({ logLevel: "warn" });
  const server = await preview({ preview: { port, strictPort: true } }).catch((error: Error) => {
    if (!/already in use/.test(error.message)) throw error;
    console.error(
      `Port ${port} is taken. If that is Quire, open http://localhost:${port}; else: npm start -- ${port + 1}`,
    );
    process.exit(1);
  });
  const address = server.resolvedUrls?.local[0] ?? `http://localhost:${port}/`;
  console.log(`Quire is at ${address} (Ctrl-C ends it)`);
  open(address);
}

/** Hands the address to the system's browser, and says so where there is none to take it. */
function open(address: string): void {
  const opener = { darwin: "open", win32: "explorer" }[process.platform as string] ?? "xdg-open";
  const missed = () => console.log("No browser could be opened: open the address above yourself.");
  const child = spawn(opener, [address], { stdio: "ignore" });
  child.on("error", missed);
  // Windows' explorer ends with 1 even when all is well.
  child.on("exit", (code) => code !== 0 && process.platform !== "win32" && missed());
}

await main();

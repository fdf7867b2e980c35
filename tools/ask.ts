// `npm run --silent ask -- [options] "text"`: asks a model, which the built runtime runs in a headless browser.
import type { GenerateResult, LoadedModel, LoadProgress, MemoryPlan } from "../src/protocol.ts";
import { type AskOptions, askUsage, parseAskOptions } from "./ask-options.ts";
import { openQuirePage, type QuirePage } from "./quire-page.ts";
import { isUsageError } from "./usage-error.ts";

type Answer = GenerateResult & Pick<LoadedModel, "adapter">;

async function main(words: readonly string[]): Promise<number> {
  let options: AskOptions | undefined;
  try {
    options = parseAskOptions(words);
  } catch (error) {
    if (!isUsageError(error)) throw error;
    process.stderr.write(`${error.message}\nnpm run ask -- --help shows what there is.\n`);
    return 2;
  }
  if (!options) {
    process.stdout.write(askUsage);
    return 0;
  }
  return ask(options);
}

async function ask(options: AskOptions): Promise<number> {
  const { model, adapter } = options;
  const folders = model.kind === "folder" ? { "/model/": model.folder } : {};
  const opened = openQuirePage({ adapter, folders });
  let interrupted = false;
  const interrupt = async () => {
    interrupted = true;
    await (await opened).close();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, interrupt);
  process.stdout.on("error", interrupt); // whoever read the answer has left
  try {
    const quirePage = await opened;
    await print(quirePage, options);
    await quirePage.close();
    return 0;
  } catch (error) {
    if (interrupted) return 130;
    await opened.then(({ close }) => close()).catch(() => {});
    process.stderr.write(`\n${(error as Error).message}\n`);
    return 1;
  }
}

/** Streams the answer, or prints it whole as JSON. */
async function print({ page, urlOf }: QuirePage, options: AskOptions): Promise<void> {
  const { json, model } = options;
  const address = model.kind === "folder" ? urlOf("/model/") : model.address;
  const status = statusLine();
  await page.exposeFunction("onProgress", (progress: LoadProgress) => status.show(progressText(progress)));
  await page.exposeFunction("onText", (text: string) => {
    status.clear();
    if (!json) process.stdout.write(text);
  });
  const { answer, memory } = await answerIn(page, address, options);
  status.clear();
  process.stdout.write(json ? `${JSON.stringify(answer)}\n` : "\n");
  if (!json) process.stderr.write(`${statistics(answer)}\n${memoryText(memory)}\n`);
}

declare global {
  var onProgress: (progress: LoadProgress) => Promise<void>;
  var onText: (text: string) => Promise<void>;
}

/** The code in the page hands errors over as values: what `evaluate` makes of a thrown one is for programmers. */
async function answerIn(
  page: QuirePage["page"],
  address: string,
  options: AskOptions,
): Promise<{ answer: Answer; memory: MemoryPlan }> {
  const { text, raw, runner, generate } = options;
  const { given, failure } = await page.evaluate(
    async ({ address, text, raw, runner, generate }) => {
      try {
        const engine = await quire.createEngine({
          model: address,
          runner,
          onProgress: (each) => void onProgress(each),
        });
        if (!raw && !engine.model.chat)
          return { failure: "This model has no chat template: add --raw to have it continue the text." };
        const generation = engine.generate(raw ? text : [{ role: "user", content: text }], generate);
        for await (const chunk of generation) if (chunk.text) await onText(chunk.text);
        const { adapter, memory } = engine.model;
        return { given: { answer: { ...(await generation.result), adapter }, memory } };
      } catch (error) {
        return { failure: `${(error as Error).name}: ${(error as Error).message}` };
      }
    },
    { address, text, raw, runner, generate },
  );
  if (!given) throw new Error(failure);
  return given;
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

function progressText({ phase, loadedBytes, totalBytes }: LoadProgress): string {
  if (phase !== "weights") return `${phase} ...`;
  return `weights ${megabytes(loadedBytes)} of ${megabytes(totalBytes)} MB`;
}

function statistics({ usage, timings, finishReason, adapter }: Answer): string {
  const { promptTokens, outputTokens } = usage;
  const decodeMs = timings.totalMs - timings.firstTokenMs;
  const rate = outputTokens > 1 ? `, ${((1000 * (outputTokens - 1)) / decodeMs).toFixed(1)} tokens/s` : "";
  const name = `${adapter.vendor} ${adapter.description}`.trim();
  return (
    `${promptTokens} + ${outputTokens} tokens (${finishReason}), first after ${timings.firstTokenMs.toFixed(0)} ms` +
    `${rate}, on ${name}${adapter.software ? " (software)" : ""}`
  );
}

/** How the device's memory was planned. */
function memoryText({
  weightBytes,
  kvBytes,
  scratchBytes,
  kvType,
  blockSize,
  blockCount,
}: MemoryPlan): string {
  return (
    `${megabytes(weightBytes)} MB of weights, ${megabytes(kvBytes)} MB of KV cache (${blockCount} blocks of ` +
    `${blockSize} tokens, ${kvType}), ${megabytes(scratchBytes)} MB of scratch`
  );
}

/** One line of a terminal that is written over; nothing at all where standard error is a file. */
function statusLine() {
  const write = (text: string) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`);
  let shown = false;
  return {
    show(text: string) {
      shown = true;
      write(text);
    },
    clear() {
      if (shown) write("");
      shown = false;
    },
  };
}

process.exit(await main(process.argv.slice(2)));

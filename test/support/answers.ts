import type { GenerateResult, LoadOptions, Prompt, RequestOptions } from "../../src/protocol.ts";
import type { OpenModel } from "../../src/runtime/running-model.ts";
import { Runtime } from "../../src/runtime/runtime.ts";
import type { FileSource } from "../../src/store/source.ts";

/** A runtime with the model of a folder. */
export async function loadRuntime(
  source: FileSource,
  openModel: OpenModel,
  options: Partial<LoadOptions>,
): Promise<Runtime> {
  const runtime = new Runtime(() => source, openModel);
  await runtime.load({ model: "test", baseUrl: "", ...options }, () => {});
  return runtime;
}

/** All answers, the requests made at once. */
export function answers(
  runtime: Runtime,
  requests: readonly (readonly [Prompt, RequestOptions])[],
): Promise<GenerateResult[]> {
  const results: GenerateResult[] = [];
  let missing = requests.length;
  return new Promise((resolve, reject) => {
    runtime.listen((events) => {
      for (const event of events) {
        if (event.type === "error") reject(new Error(event.error.message));
        if (event.type !== "end") continue;
        results[event.id] = event.result;
        if (--missing === 0) resolve(results);
      }
    });
    for (const [id, [prompt, options]] of requests.entries()) runtime.start(id, prompt, options);
  });
}

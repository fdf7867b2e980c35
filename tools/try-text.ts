import { readFileSync } from "node:fs";
import { Tokenizer as Library } from "@huggingface/tokenizers";
import { Tokenizer } from "/work/main/src/text/tokenizer.ts";
import { parseTokenModel } from "/work/main/src/text/vocabulary.ts";
const j = (p: string) => JSON.parse(readFileSync(p, "utf8"));
for (const d of ["llama2","llama3","qwen2"]) {
  const json = j(`/work/shared/data/tokenizers/${d}/tokenizer.json`), config = j(`/work/shared/data/tokenizers/${d}/tokenizer_config.json`);
  for (let k = 0; k < 2; k++) {
  let t0 = performance.now(); new Library(json, config); console.log(d, "library", Math.round(performance.now() - t0));
  t0 = performance.now(); parseTokenModel(json.model); console.log("parse model", Math.round(performance.now() - t0));
  t0 = performance.now(); new Tokenizer(json, config); console.log("ours", Math.round(performance.now() - t0));
  }
}

import { type LlamaConfig, parseLlamaConfig } from "../model/config.ts";
import { type GenerationConfig, parseGenerationConfig } from "../model/generation-config.ts";
import { checkTensors } from "../model/tensors.ts";
import { type ModelFolder, openModelFolder } from "../store/model-folder.ts";
import type { FileSource, TransferOptions } from "../store/source.ts";
import { ChatTemplate } from "../text/chat-template.ts";
import { Tokenizer } from "../text/tokenizer.ts";

/** All of a model but its weights. */
export interface ModelHead {
  readonly label: string;
  readonly config: LlamaConfig;
  readonly generation: GenerationConfig;
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate | undefined;
  /** Where the weights stand, to be read by `streamTensors`. */
  readonly stored: Pick<ModelFolder, "source" | "tensors">;
}

/**
 * Reads and checks what a model needs besides its weights, of which it reads the headers only. The parsed
 * files, the vocabulary among them, are let go of with it.
 *
 * @throws ModelError for the first thing wrong with the folder.
 */
export async function readModel(source: FileSource, options?: TransferOptions): Promise<ModelHead> {
  const folder = await openModelFolder(source, options);
  const { chatTemplate, tensors } = folder;
  const config = parseLlamaConfig(folder.config);
  checkTensors(config, folder);
  const generation = parseGenerationConfig(folder.generationConfig, folder.config);
  const tokenizer = new Tokenizer(folder.tokenizer, folder.tokenizerConfig);
  const template = chatTemplate === undefined ? undefined : new ChatTemplate(chatTemplate, tokenizer);
  return { label: source.label, config, generation, tokenizer, template, stored: { source, tensors } };
}

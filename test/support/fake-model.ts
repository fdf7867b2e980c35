import type { Runner, RunnerLimits } from "../../src/engine/step.ts";
import type { LoadedModel } from "../../src/protocol.ts";
import type { RunningModel } from "../../src/runtime/running-model.ts";
import { ChatTemplate } from "../../src/text/chat-template.ts";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { FakeRunner } from "./fake-runner.ts";
import { END_ID, TINY_VOCAB_SIZE, tinyTokenizer, tinyTokenizerConfig } from "./tiny-tokenizer.ts";

export const FAKE_LIMITS: RunnerLimits = {
  blockSize: 4,
  blockCount: 64,
  maxSequences: 4,
  maxStepTokens: 32,
  contextLen: 128,
  vocabSize: TINY_VOCAB_SIZE,
};

/** A model that answers in hashes, with a real tokenizer and template. Tells whether it was disposed of. */
export class FakeModel implements RunningModel {
  readonly tokenizer = new Tokenizer(tinyTokenizer(), tinyTokenizerConfig());
  readonly template = new ChatTemplate(tinyTokenizerConfig().chat_template, this.tokenizer);
  readonly generation: RunningModel["generation"] = {
    eosTokenIds: [END_ID],
    bosTokenId: undefined,
    doSample: undefined,
    temperature: undefined,
    topK: undefined,
    topP: undefined,
    minP: undefined,
    repetitionPenalty: undefined,
  };
  disposed = false;

  constructor(readonly runner: Runner = new FakeRunner(FAKE_LIMITS)) {}

  get description(): LoadedModel {
    return {
      model: "fake",
      architecture: "LlamaForCausalLM",
      parameterCount: 1,
      contextLen: this.runner.limits.contextLen,
      vocabSize: this.runner.limits.vocabSize,
      chat: true,
      adapter: { vendor: "none", description: "none", software: true },
      memory: { weightBytes: 0, kvBytes: 0, scratchBytes: 0, kvType: "f32", blockSize: 4, blockCount: 64 },
    };
  }

  dispose(): void {
    this.disposed = true;
  }
}

export { createEngine } from "./client/create-engine.ts";
export type { CreateEngineOptions, EngineClient as Engine, GenerateOptions } from "./client/engine-client.ts";
export type { GenerateChunk, Generation } from "./client/generation.ts";
export { CapacityError, DeviceError, InputError, ModelError, WorkerError } from "./errors.ts";
export type {
  AttentionMode,
  AttentionTuningChoice,
  EngineStats,
  FinishReason,
  GenerateResult,
  KvType,
  Latency,
  LoadedModel,
  LoadProgress,
  MemoryPlan,
  Message,
  Prompt,
  RecordingMode,
  RequestTimings,
  Role,
  RunnerChoice,
  RunnerKind,
  SamplingOptions,
  Tool,
  ToolCall,
  Usage,
} from "./protocol.ts";

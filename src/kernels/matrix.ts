/** How weights stand in memory: as they stood in their file. */
export type WeightFormat = "f32" | "f16" | "bf16";

/** `FORMAT` in shaders/weights.wgsl. */
export const FORMAT_CODES = { f32: 0, f16: 1, bf16: 2 } as const satisfies Record<WeightFormat, number>;

export const FORMAT_BYTES = { f32: 4, f16: 2, bf16: 2 } as const satisfies Record<WeightFormat, number>;

/** A weight matrix `[outputCount][inputCount]`, cut by outputs into buffers no larger than a binding may be. */
export interface Matrix {
  readonly name: string;
  readonly format: WeightFormat;
  readonly inputCount: number;
  readonly outputCount: number;
  readonly parts: readonly MatrixPart[];
}

/**
 * Outputs `firstOutput` to `firstOutput + outputCount - 1`. Of a gate-and-up matrix an output is a pair: the
 * buffer holds the gates' rows, then as many of the ups.
 */
export interface MatrixPart {
  readonly buffer: GPUBuffer;
  readonly firstOutput: number;
  readonly outputCount: number;
}

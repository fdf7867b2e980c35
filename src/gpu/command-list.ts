/** Workgroups in x, y and z. */
export type Grid = readonly [x: number, y?: number, z?: number];

/** One kernel launch, resolved up to the size of its grid, which follows from the step's `Shape`. */
export interface Dispatch<Shape> {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  /** A grid with a zero in it is not launched. */
  readonly grid: (shape: Shape) => Grid;
}

/**
 * The dispatches of a step, resolved once and encoded again for every step.
 *
 * Whatever differs between steps (tokens, positions, block tables) lives in buffers, and grids are computed
 * as the list is encoded, so one list serves any batch and a replay creates no GPU object. A
 * `GPUCommandBuffer` can be submitted only once, which is why this encodes instead of resubmitting.
 */
export class CommandList<Shape> {
  constructor(readonly dispatches: readonly Dispatch<Shape>[]) {}

  encode(pass: GPUComputePassEncoder, shape: Shape): void {
    let pipeline: GPUComputePipeline | undefined;
    for (const dispatch of this.dispatches) {
      const [x, y = 1, z = 1] = dispatch.grid(shape);
      if (x === 0 || y === 0 || z === 0) continue;
      if (dispatch.pipeline !== pipeline) pass.setPipeline(dispatch.pipeline);
      pipeline = dispatch.pipeline;
      pass.setBindGroup(1, dispatch.bindGroup);
      pass.dispatchWorkgroups(x, y, z);
    }
  }
}

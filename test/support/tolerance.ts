/** How far a kernel may be from its f64 reference: |got - wanted| <= atol + rtol * |wanted|. */
export interface Tolerance {
  readonly atol: number;
  readonly rtol: number;
}

/** By the type that values were stored in; the arithmetic is f32 throughout. */
export const TOLERANCES = {
  f32: { atol: 1e-4, rtol: 1e-4 },
  f16: { atol: 1.5e-2, rtol: 1e-2 },
  int8: { atol: 2e-2, rtol: 2e-2 },
} as const satisfies Record<string, Tolerance>;

import { expect } from "vitest";

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

/** Fails with the worst element when any is off, missing or not a number. */
export function expectClose(
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
  { atol, rtol }: Tolerance,
): void {
  expect(got.length).toBe(wanted.length);
  let worst = -1;
  let worstExcess = 0;
  for (let i = 0; i < wanted.length; i++) {
    const allowed = atol + rtol * Math.abs(wanted[i]!);
    const excess = Math.abs(got[i]! - wanted[i]!) / allowed;
    if (!(excess <= Math.max(1, worstExcess))) {
      worst = i;
      worstExcess = Number.isNaN(excess) ? Number.POSITIVE_INFINITY : excess;
    }
  }
  if (worst >= 0) {
    expect.fail(
      `element ${worst}: got ${got[worst]}, wanted ${wanted[worst]}, ${worstExcess} times the tolerance`,
    );
  }
}

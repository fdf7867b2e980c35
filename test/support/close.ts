import { expect } from "vitest";
import type { Tolerance } from "./tolerance.ts";

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

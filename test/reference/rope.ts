/** Rotates pairs (i, i + headDim / 2) of one head by `position` times their frequency (Su et al., 2021). */
export function rotate(
  head: ArrayLike<number>,
  position: number,
  frequencies: readonly number[],
): Float64Array {
  const half = frequencies.length;
  const turned = new Float64Array(2 * half);
  for (let i = 0; i < half; i++) {
    const [cos, sin] = [Math.cos(position * frequencies[i]!), Math.sin(position * frequencies[i]!)];
    turned[i] = head[i]! * cos - head[i + half]! * sin;
    turned[i + half] = head[i + half]! * cos + head[i]! * sin;
  }
  return turned;
}

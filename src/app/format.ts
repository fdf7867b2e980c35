const units = [
  [1e9, "GB"],
  [1e6, "MB"],
  [1e3, "kB"],
] as const;

/** Bytes for people, in decimal units as downloads are counted: `270 MB`. */
export function formatBytes(bytes: number): string {
  const [size, unit] = units.find(([least]) => bytes >= least) ?? [1, "bytes"];
  return `${threeDigits(bytes / size)} ${unit}`;
}

/** "34 of 270 MB": the unit is said once where both share it. */
export function formatBytesOf(bytes: number, total: number): string {
  const [size, unit] = units.find(([least]) => total >= least) ?? [1, "bytes"];
  return `${threeDigits(bytes / size)} of ${threeDigits(total / size)} ${unit}`;
}

/** A count of parameters: `4.2 million`, `1.24 billion`. */
export function formatParameters(count: number): string {
  if (count >= 1e9) return `${threeDigits(count / 1e9)} billion`;
  if (count >= 1e6) return `${threeDigits(count / 1e6)} million`;
  return formatCount(count);
}

/** A whole number with separators. */
export function formatCount(count: number): string {
  return count.toLocaleString("en");
}

/** A rate such as tokens per second. */
export function formatRate(rate: number): string {
  return rate >= 100 ? rate.toFixed(0) : rate.toFixed(1);
}

/** Milliseconds for people: `85 ms`, `1.2 s`. */
export function formatMs(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function threeDigits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : 2).replace(/\.?0+$/, "");
}

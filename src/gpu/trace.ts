/** A stretch of time on a row of a trace. */
export interface Span {
  readonly name: string;
  /** The row it stands on. */
  readonly row: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly details?: Readonly<Record<string, number | string>>;
}

/**
 * Spans as a trace that Perfetto and chrome://tracing open (the JSON form of Chrome's trace event format: complete
 * events in microseconds, rows named by metadata events).
 */
export function chromeTrace(spans: readonly Span[]): string {
  const rows = [...new Set(spans.map(({ row }) => row))];
  const names = rows.map((row, tid) => ({
    ph: "M",
    name: "thread_name",
    pid: 1,
    tid,
    args: { name: row },
  }));
  const events = spans.map(({ name, row, startMs, durationMs, details = {} }) => ({
    ph: "X",
    name,
    pid: 1,
    tid: rows.indexOf(row),
    ts: startMs * 1000,
    dur: durationMs * 1000,
    args: details,
  }));
  return JSON.stringify({ traceEvents: [...names, ...events], displayTimeUnit: "ms" });
}

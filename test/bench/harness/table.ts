/** A table of results. Its cells are numbers as far as they can be, so that the JSON report holds full precision. */
export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  /** One cell per column; undefined where there is nothing to say. */
  readonly rows: readonly (readonly Cell[])[];
}

/** A column's heading, or the heading with the digits after the point that its numbers are shown with. */
export type Column = string | { readonly name: string; readonly digits: number };

export type Cell = string | number | undefined;

/** The table as markdown, its columns in line for a terminal too. */
export function markdownTable({ title, columns, rows }: Table): string {
  const texts = rows.map((row) => columns.map((column, i) => cellText(row[i], column)));
  const names = columns.map((column) => (typeof column === "string" ? column : column.name));
  const numeric = columns.map((_, i) => rows.every((row) => typeof row[i] !== "string"));
  const widths = names.map((name, i) => Math.max(3, name.length, ...texts.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const pad = (cells: readonly string[]) =>
    cells.map((text, i) => (numeric[i] ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)));
  const rule = widths.map((width, i) => (numeric[i] ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
  return [`### ${title}`, "", line(pad(names)), line(rule), ...texts.map((row) => line(pad(row)))].join("\n");
}

function cellText(cell: Cell, column: Column): string {
  if (cell === undefined) return "";
  if (typeof cell === "string") return cell.replaceAll("|", "\\|");
  const digits = typeof column === "string" ? defaultDigits(cell) : column.digits;
  return cell.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Three significant digits, and no fraction for a whole number. */
function defaultDigits(value: number): number {
  if (Number.isInteger(value)) return 0;
  return Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(Math.abs(value)))));
}

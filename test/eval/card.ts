const BEGIN = "<!-- measured -->";
const END = "<!-- end of measured -->";

/** The model card with other figures between its two marks. */
export function updateCard(card: string, figures: string): string {
  const [before, rest] = split(card, BEGIN);
  const [, after] = split(rest, END);
  return `${before}${BEGIN}\n${figures.trim()}\n${END}${after}`;
}

function split(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  if (at >= 0) return [text.slice(0, at), text.slice(at + mark.length)];
  throw new Error(`The model card should have the line ${mark} where its figures go; it has none. Add it.`);
}

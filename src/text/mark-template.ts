/** The part of the template library's syntax tree that matters here. */
interface Node {
  readonly type: string;
}

interface StringLiteral extends Node {
  value: string;
}

interface BinaryExpression extends Node {
  readonly operator: { readonly value: string };
}

interface CallExpression extends Node {
  readonly callee: Node;
}

/**
 * Applies `mark` to the strings of a parsed template that may be written to its output. Left as they are:
 * strings that text is only compared with or searched for, so that a template takes a conversation apart as its
 * author meant it to.
 */
export function markTemplate(node: unknown, mark: (text: string) => string): void {
  if (node instanceof Map) for (const value of node.values()) markTemplate(value, mark);
  else if (Array.isArray(node)) for (const each of node) markTemplate(each, mark);
  else if (isNode(node)) markNode(node, mark);
}

function markNode(node: Node, mark: (text: string) => string): void {
  if (node.type === "StringLiteral") {
    (node as StringLiteral).value = mark((node as StringLiteral).value);
    return;
  }
  if (node.type === "BinaryExpression" && COMPARISONS.has((node as BinaryExpression).operator.value)) return;
  for (const [name, child] of Object.entries(node)) {
    if (!isOnlySearchedFor(node, name)) markTemplate(child, mark);
  }
}

const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", "<", ">", "<=", ">=", "in", "not in"]);

/** Arguments of a text's methods (`split`, `startswith`, `replace`), and names of fields. */
function isOnlySearchedFor(node: Node, child: string): boolean {
  if (node.type === "CallExpression") {
    const { callee } = node as CallExpression;
    const { value } = callee as StringLiteral;
    return child === "args" && (callee.type === "MemberExpression" || SEARCHES.has(value));
  }
  return node.type === "MemberExpression" && child === "property";
}

/** Filters whose arguments name fields and tests, or are searched for. */
const SEARCHES: ReadonlySet<string> = new Set(["selectattr", "rejectattr", "map", "replace"]);

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

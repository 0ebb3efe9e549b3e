import { parse } from "@babel/parser";
import type * as t from "@babel/types";
import type { Literal } from "./literals.ts";

export interface JsxFile {
  path: string;
  text: string;
  program: t.Program;
  elements: readonly t.JSXElement[];
  parentOf: (node: t.Node) => t.Node | undefined;
}

export const isJsxPath = (path: string): boolean => /\.(?:[cm]?[jt]sx?)$/.test(path);

/** Parses a module; undefined if it does not parse. Nesting that exhausts the stack counts as such. */
export function parseJsx(path: string, text: string): JsxFile | undefined {
  let program: t.Program;
  try {
    const isTypeScript = /\.[cm]?tsx?$/.test(path);
    const isJsx = !/\.[cm]?ts$/.test(path);
    program = parse(text, {
      sourceType: "module",
      plugins: ["decorators", ...(isJsx ? (["jsx"] as const) : []), ...(isTypeScript ? (["typescript"] as const) : [])],
    }).program;
  } catch {
    return undefined;
  }
  const parents = new WeakMap<t.Node, t.Node>();
  const elements: t.JSXElement[] = [];
  eachNode(program, (node, parent) => {
    if (parent) parents.set(node, parent);
    if (node.type === "JSXElement") elements.push(node);
  });
  return { path, text, program, elements, parentOf: (node) => parents.get(node) };
}

const isNode = (value: unknown): value is t.Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string" && "start" in value;

/** Each node below and including `root`, a parent before its children. Without recursion: files nest deeply. */
export function eachNode(root: t.Node, visit: (node: t.Node, parent: t.Node | undefined) => void): void {
  const stack: { node: t.Node; parent: t.Node | undefined }[] = [{ node: root, parent: undefined }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { node } = next;
    visit(node, next.parent);
    const children = Object.entries(node)
      .filter(([key]) => key !== "loc" && !key.endsWith("Comments"))
      .flatMap(([, value]: [string, unknown]) => (Array.isArray(value) ? value : [value]))
      .filter(isNode);
    for (const child of children.reverse()) stack.push({ node: child, parent: node });
  }
}

/** The offset of a line and column (from 1, UTF-16 units); undefined if the text has no such line. */
export function offsetOf(text: string, line: number, column: number): number | undefined {
  let start = 0;
  for (let at = 1; at < line; at++) {
    const end = text.indexOf("\n", start);
    if (end < 0) return undefined;
    start = end + 1;
  }
  return start + column - 1 <= text.length ? start + column - 1 : undefined;
}

export function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return { line, column: offset - (before.lastIndexOf("\n") + 1) + 1 };
}

export const startOf = (node: t.Node): number => node.start ?? 0;
const endOf = (node: t.Node): number => node.end ?? 0;

/** Without parentheses and TypeScript's assertions. */
export function bare(node: t.Node): t.Node {
  let at = node;
  while (
    at.type === "TSAsExpression" ||
    at.type === "TSSatisfiesExpression" ||
    at.type === "TSNonNullExpression" ||
    at.type === "ParenthesizedExpression"
  )
    at = at.expression;
  return at;
}

/** The literal of a string or a template without expressions; undefined for other nodes. */
export function literalOf(file: JsxFile, node: t.Node): Literal | undefined {
  const { text } = file;
  if (node.type === "StringLiteral") {
    const quote = text[startOf(node)] === "'" ? "'" : '"';
    const parent = file.parentOf(node);
    const kind = parent?.type === "JSXAttribute" ? "jsx-attribute" : quote === "'" ? "single-quoted" : "double-quoted";
    return { kind, quote, start: startOf(node) + 1, end: endOf(node) - 1, value: node.value };
  }
  const [only] = node.type === "TemplateLiteral" && node.quasis.length === 1 ? node.quasis : [];
  return only && only.value.cooked !== null && only.value.cooked !== undefined
    ? { kind: "template", start: startOf(only), end: endOf(only), value: only.value.cooked }
    : undefined;
}

/** `Card` of `Card` and of `Ui.Card`. */
export function nameOf(name: t.JSXElement["openingElement"]["name"]): string {
  if (name.type === "JSXIdentifier") return name.name;
  return name.type === "JSXMemberExpression" ? name.property.name : `${name.namespace.name}:${name.name.name}`;
}
export const isHostName = (name: string): boolean => /^[a-z]/.test(name);

export type FunctionNode = t.FunctionDeclaration | t.FunctionExpression | t.ArrowFunctionExpression;
const isFunction = (node: t.Node): node is FunctionNode =>
  node.type === "FunctionDeclaration" || node.type === "FunctionExpression" || node.type === "ArrowFunctionExpression";

/** What a name means at a place. `keys`: the properties that lead from the whole value to it. */
export type Binding =
  | { kind: "parameter"; of: FunctionNode; index: number; keys: readonly string[]; fallback: t.Node | undefined }
  | { kind: "constant"; declarator: t.VariableDeclarator; isExported: boolean }
  | { kind: "imported"; importedName: string }
  | { kind: "other" };

export function bindingOf(file: JsxFile, name: string, from: t.Node): Binding | undefined {
  for (let at = file.parentOf(from); at; at = file.parentOf(at)) {
    if (isFunction(at)) {
      for (const [index, parameter] of at.params.entries()) {
        const found = inPattern(parameter, name);
        if (found) return found === "unclear" ? { kind: "other" } : { kind: "parameter", of: at, index, ...found };
      }
      if (at.type === "FunctionExpression" && at.id?.name === name) return { kind: "other" };
    }
    if (at.type === "BlockStatement" || at.type === "Program")
      for (const statement of at.body) {
        const found = inStatement(statement, name);
        if (found) return found;
      }
    // Names of loops, catch clauses, classes and methods: declared, but not followed.
    else if (/^(?:For|Catch|Class|ObjectMethod|Switch|TSModule)/.test(at.type) && declares(at, name)) return { kind: "other" };
  }
  return undefined;
}

/** Where a pattern binds a name; `unclear` if it is a rest or an element of an array. */
function inPattern(pattern: t.Node, name: string): { keys: readonly string[]; fallback: t.Node | undefined } | "unclear" | undefined {
  if (pattern.type === "Identifier") return pattern.name === name ? { keys: [], fallback: undefined } : undefined;
  if (pattern.type === "AssignmentPattern") {
    const found = inPattern(pattern.left, name);
    return found && found !== "unclear" && found.keys.length === 0 ? { keys: [], fallback: pattern.right } : found;
  }
  if (pattern.type === "ObjectPattern")
    for (const property of pattern.properties) {
      if (property.type === "RestElement") {
        if (declares(property, name)) return "unclear";
        continue;
      }
      const found = inPattern(property.value, name);
      if (!found || found === "unclear") {
        if (found) return found;
        continue;
      }
      const key = keyOf(property);
      return key === undefined ? "unclear" : { keys: [key, ...found.keys], fallback: found.fallback };
    }
  else if (declares(pattern, name)) return "unclear";
  return undefined;
}

/** The name of a property that is not computed. */
export function keyOf({ key, computed }: t.ObjectProperty): string | undefined {
  if (key.type === "StringLiteral") return key.value;
  return !computed && key.type === "Identifier" ? key.name : undefined;
}

function inStatement(given: t.Node, name: string): Binding | undefined {
  const isExported = given.type === "ExportNamedDeclaration" || given.type === "ExportDefaultDeclaration";
  const statement = isExported ? given.declaration : given;
  if (!statement) return undefined;
  if (statement.type === "ImportDeclaration") {
    const specifier = statement.specifiers.find((one) => one.local.name === name);
    if (!specifier) return undefined;
    const imported = specifier.type === "ImportSpecifier" ? specifier.imported : undefined;
    return {
      kind: "imported",
      importedName: imported ? (imported.type === "Identifier" ? imported.name : imported.value) : "default",
    };
  }
  if (statement.type === "VariableDeclaration")
    for (const declarator of statement.declarations) {
      if (declarator.id.type === "Identifier" ? declarator.id.name !== name : !declares(declarator.id, name)) continue;
      return statement.kind === "const" && declarator.id.type === "Identifier"
        ? { kind: "constant", declarator, isExported }
        : { kind: "other" };
    }
  if ("id" in statement && statement.id && statement.id.type === "Identifier" && statement.id.name === name) return { kind: "other" };
  return undefined;
}

/** Whether a node holds an identifier of this name: an upper bound of what it declares. */
function declares(node: t.Node, name: string): boolean {
  let found = false;
  eachNode(node, (one) => {
    if (one.type === "Identifier" && one.name === name) found = true;
  });
  return found;
}

/** The uses of a name in a file beside its declaration, whatever scope they are in: an upper bound. */
export function usesOf(file: JsxFile, name: string, declaration: t.Node): t.Node[] {
  const uses: t.Node[] = [];
  eachNode(file.program, (node, parent) => {
    const isName = (node.type === "Identifier" || node.type === "JSXIdentifier") && node.name === name;
    if (!isName || !parent || node === declaration) return;
    if (parent.type === "MemberExpression" && parent.property === node && !parent.computed) return;
    if (parent.type === "ObjectProperty" && parent.key === node && !parent.computed && !parent.shorthand) return;
    if (parent.type === "JSXAttribute" && parent.name === node) return;
    if (/^TS(?:Property|Method)Signature$/.test(parent.type)) return;
    // `{ name }` is one use, though its key and value are two nodes.
    if (parent.type === "ObjectProperty" && parent.shorthand && parent.value !== node) return;
    uses.push(node);
  });
  return uses;
}

/** The name of the component that a function is; undefined if it is none. */
export function componentName(file: JsxFile, fn: FunctionNode): string | undefined {
  if (fn.type !== "ArrowFunctionExpression" && fn.id) return /^[A-Z]/.test(fn.id.name) ? fn.id.name : undefined;
  let at = file.parentOf(fn);
  // `memo(function …)` and `forwardRef(…)`.
  if (at?.type === "CallExpression" && /^(?:memo|forwardRef)$/.test(calledName(at) ?? "")) at = file.parentOf(at);
  return at?.type === "VariableDeclarator" && at.id.type === "Identifier" && /^[A-Z]/.test(at.id.name) ? at.id.name : undefined;
}

/** `memo` of `memo(…)` and of `React.memo(…)`. */
export function calledName({ callee }: t.CallExpression): string | undefined {
  if (callee.type === "Identifier") return callee.name;
  return callee.type === "MemberExpression" && !callee.computed && callee.property.type === "Identifier" ? callee.property.name : undefined;
}

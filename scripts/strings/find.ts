/**
 * Finds the texts of a TypeScript or JSX source: every string that people read on screen or that a screen reader reads out.
 *
 * A string is judged by its position in the syntax tree: what is between JSX tags is text, the operand of `===` is not, and in between the
 * name of the attribute, property, function or variable that carries it decides (`names.ts`). A carrier that says nothing leaves the decision to the
 * shape of the string: prose or code.
 */
import { parseSync, visitorKeys, type Node } from "oxc-parser";
import {
  blockCode,
  calls,
  inlineComponents,
  inlineTags,
  isProse,
  isWritten,
  keywords,
  names,
  plurals,
  transparentCalls,
  type Verdict,
} from "./names.ts";

export interface Text {
  line: number;
  /** `text` between tags, `button` between those of a button, or its carrier, such as `attribute title`, `property label`, `call toast`, `return`. */
  kind: string;
  /** The sentence. `{name}` is a value, `{one|other}` a choice, `<b>…</b>` an element. */
  text: string;
  /** The sentence without the names of values and elements, for rules about words. */
  words: string;
}

/** Part of a sentence: as printed, and its words alone. */
interface Piece {
  text: string;
  words: string;
}
const empty: Piece = { text: "", words: "" };
const plain = (text: string): Piece => ({ text, words: text });
const valueOf = (name: string): Piece => ({ text: `{${name}}`, words: "{}" });
const join = (pieces: readonly Piece[]): Piece => ({
  text: pieces.map(({ text }) => text).join(""),
  words: pieces.map(({ words }) => words).join(""),
});

type Element = Extract<Node, { type: "JSXElement" }>;
type Fragment = Extract<Node, { type: "JSXFragment" }>;

export function findTexts(file: string, source: string): Text[] {
  const { program, errors } = parseSync(file, source, { preserveParens: false });
  if (errors[0]) throw new Error(`${file} cannot be parsed: ${errors[0].message}`);
  const parents = new Map<Node, Node>();
  const link = (node: Node): void => {
    for (const child of childrenOf(node)) {
      parents.set(child, node);
      link(child);
    }
  };
  link(program);

  const lineStarts = [0, ...[...source.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const lineOf = (offset: number): number => lineStarts.findLastIndex((start) => start <= offset) + 1;
  const found: Text[] = [];
  const add = (at: Node, kind: string, { text, words }: Piece): void => {
    // JSX text starts with the white space after the tag.
    const start = at.start + (at.type === "JSXText" ? at.value.length - at.value.trimStart().length : 0);
    found.push({ line: lineOf(start), kind, text: text.trim(), words: words.trim() });
  };

  const visit = (node: Node): void => {
    if (isSkipped(node)) return;
    if (node.type === "JSXElement" || node.type === "JSXFragment") return visitElement(node);
    if (!isString(node)) return void childrenOf(node).forEach(visit);
    const nested: Node[] = [];
    const piece = compose(node, nested);
    const carrier = carrierOf(node, parents);
    if (isText(piece.words, carrier)) add(node, carrier.kind, piece);
    nested.forEach(visit);
  };

  const visitElement = (element: Element | Fragment): void => {
    if (element.type === "JSXElement") element.openingElement.attributes.forEach(visit);
    if (!element.children.some(hasWords)) return element.children.forEach(visit);
    if (element.type === "JSXElement" && blockCode.has(nameOf(element))) return;
    let segment: Node[] = [];
    for (const child of element.children) {
      if (isInline(child)) segment.push(child);
      else {
        visitSegment(segment);
        segment = [];
        visit(child);
      }
    }
    visitSegment(segment);
  };

  /** Siblings that read as one sentence. */
  const visitSegment = (segment: readonly Node[]): void => {
    const isEdge = (node: Node) =>
      (node.type === "JSXText" && jsxText(node.value).trim() === "") || (node.type === "JSXElement" && node.children.length === 0);
    const first = segment.findIndex((node) => !isEdge(node));
    if (first === -1) return segment.forEach(visit);
    const last = segment.findLastIndex((node) => !isEdge(node));
    [...segment.slice(0, first), ...segment.slice(last + 1)].forEach(visit);
    const inner = segment.slice(first, last + 1);
    const [only] = inner;
    // One expression or element alone is no sentence of several parts: each of its strings is a text of its own.
    if (inner.length === 1 && only && only.type !== "JSXText") return visit(only);
    if (!inner.some(hasWords)) return inner.forEach(visit);
    const nested: Node[] = [];
    const piece = join(inner.map((node) => compose(node, nested)));
    if (only && /\p{L}/u.test(withoutValues(piece.words))) add(only, kindIn(parents.get(only)), piece);
    nested.forEach(visit);
  };

  visit(program);
  return found.toSorted((a, b) => a.line - b.line);
}

function childrenOf(node: Node): Node[] {
  return (visitorKeys[node.type] ?? [])
    .flatMap((key) => (node as unknown as Record<string, Node | (Node | null)[] | null | undefined>)[key] ?? [])
    .filter((child) => child !== null);
}

const isSkipped = ({ type }: Node): boolean =>
  type === "ImportDeclaration" ||
  type === "ImportExpression" ||
  type === "ExportAllDeclaration" ||
  (type.startsWith("TS") && !type.endsWith("Expression") && type !== "TSTypeAssertion");

/** Strings, templates, and what `+` joins to a string. */
const isString = (node: Node): boolean =>
  (node.type === "Literal" && typeof node.value === "string") ||
  node.type === "TemplateLiteral" ||
  (node.type === "BinaryExpression" && node.operator === "+" && (isString(node.left) || isString(node.right)));

/** Whether a person reads words that are written here. */
function hasWords(node: Node): boolean {
  switch (node.type) {
    case "JSXText":
      return /\p{L}/u.test(decoded(node.value));
    case "JSXExpressionContainer":
      return hasWords(node.expression);
    case "Literal":
      return typeof node.value === "string" && /\p{L}/u.test(node.value);
    case "TemplateLiteral":
      return node.quasis.some(({ value }) => /\p{L}/u.test(value.cooked ?? "")) || node.expressions.some(hasWords);
    case "BinaryExpression":
      return node.operator === "+" && (hasWords(node.left) || hasWords(node.right));
    case "ConditionalExpression":
      return hasWords(node.consequent) || hasWords(node.alternate);
    case "LogicalExpression":
      return hasWords(node.right) || (node.operator !== "&&" && hasWords(node.left));
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "TSNonNullExpression":
      return hasWords(node.expression);
    default:
      return false;
  }
}

const nameOf = (element: Element): string => {
  const { name } = element.openingElement;
  return name.type === "JSXIdentifier" ? name.name : name.type === "JSXMemberExpression" ? name.property.name : name.name.name;
};

const kindIn = (parent: Node | undefined): string =>
  parent?.type === "JSXElement" && /^[Bb]utton$/.test(nameOf(parent)) ? "button" : "text";

/** Whether it continues the sentence around it. */
function isInline(node: Node): boolean {
  switch (node.type) {
    case "JSXText":
      return true;
    case "JSXExpressionContainer":
      return isInline(node.expression);
    case "JSXElement":
      return (
        node.children.length === 0 ||
        ((inlineTags.has(nameOf(node)) || inlineComponents.test(nameOf(node))) && node.children.every(isInline))
      );
    case "JSXFragment":
      return node.children.every(isInline);
    case "ConditionalExpression":
      return isInline(node.consequent) && isInline(node.alternate);
    case "LogicalExpression":
      return isInline(node.left) && isInline(node.right);
    default:
      return !containsJsx(node);
  }
}
const containsJsx = (node: Node): boolean =>
  node.type === "JSXElement" || node.type === "JSXFragment" || childrenOf(node).some(containsJsx);

/** The sentence of an expression. What it contains besides words (calls, conditions, attributes) is put into `nested`, to be visited. */
function compose(node: Node, nested: Node[]): Piece {
  switch (node.type) {
    case "JSXText":
      return plain(decoded(jsxText(node.value)));
    case "JSXExpressionContainer":
      return compose(node.expression, nested);
    case "JSXElement": {
      nested.push(...node.openingElement.attributes);
      const name = nameOf(node);
      if (node.children.length === 0) return { text: `<${name}/>`, words: "" };
      const inner = join(node.children.map((child) => compose(child, nested)));
      return { text: `<${name}>${inner.text}</${name}>`, words: inner.words };
    }
    case "JSXFragment":
      return join(node.children.map((child) => compose(child, nested)));
    case "Literal":
      return node.value === null || typeof node.value === "boolean" ? empty : plain(String(node.value));
    case "TemplateLiteral":
      return join(
        node.quasis.flatMap(({ value }, index) => {
          const expression = node.expressions[index];
          return [plain(value.cooked ?? value.raw), ...(expression ? [compose(expression, nested)] : [])];
        }),
      );
    case "BinaryExpression":
      if (!isString(node)) break;
      return join([compose(node.left, nested), compose(node.right, nested)]);
    case "ConditionalExpression":
      nested.push(node.test);
      return choice([node.consequent, node.alternate], nested);
    case "LogicalExpression":
      if (node.operator !== "&&") return choice([node.left, node.right], nested);
      nested.push(node.left);
      return choice([node.right, undefined], nested);
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "TSNonNullExpression":
    case "ChainExpression":
      return compose(node.expression, nested);
    case "AwaitExpression":
      return compose(node.argument, nested);
    case "JSXEmptyExpression":
      return empty;
    case "Identifier":
      return node.name === "undefined" ? empty : valueOf(node.name);
    case "MemberExpression":
      nested.push(node.object);
      return valueOf(node.property.type === "Identifier" ? node.property.name : "…");
    case "CallExpression": {
      nested.push(node);
      const name = lastName(node.callee) ?? "…";
      // counted(n, "file") reads as a number and a noun.
      const [, noun] = node.arguments;
      return valueOf(plurals.has(name) && noun?.type === "Literal" ? `${name} ${String(noun.value)}` : name);
    }
    default:
  }
  nested.push(node);
  return valueOf("…");
}

function choice(options: readonly (Node | undefined)[], nested: Node[]): Piece {
  const pieces = options.map((option) => (option ? compose(option, nested) : empty));
  return {
    text: `{${pieces.map(({ text }) => text.replace(/^\{([^{}]*)\}$/, "$1")).join("|")}}`,
    words: `{${pieces.map(({ words }) => words).join("|")}}`,
  };
}

/** As JSX does: line ends and the white space around them are dropped. */
function jsxText(raw: string): string {
  const lines = raw.split(/\r?\n/);
  return lines
    .map((line, index) => {
      const from = index === 0 ? line : line.trimStart();
      return index === lines.length - 1 ? from : from.trimEnd();
    })
    .filter((line) => line !== "")
    .join(" ");
}

const entities: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  ldquo: "“",
  rdquo: "”",
  lsquo: "‘",
  rsquo: "’",
  hellip: "…",
  middot: "·",
  times: "×",
};
const decoded = (text: string): string => text.replace(/&(\w+);/g, (all, name: string) => entities[name] ?? all);

const withoutValues = (words: string): string => words.replaceAll("{}", "");
function isText(words: string, { verdict, isString }: Carrier): boolean {
  if (verdict === "never" || !/\p{L}/u.test(withoutValues(words))) return false;
  if (verdict === "text") return isWritten(words);
  if (isString && verdict === undefined && /^\p{L}{2}[\p{L}.]+$/u.test(words)) return isWritten(words);
  return isProse(words, verdict === "code");
}

const lastName = (node: Node): string | undefined => {
  switch (node.type) {
    case "Identifier":
      return node.name;
    case "MemberExpression":
      return node.property.type === "Identifier" ? node.property.name : undefined;
    case "ChainExpression":
    case "TSNonNullExpression":
      return lastName(node.expression);
    case "Super":
      return "Error";
    default:
      return undefined;
  }
};

interface Carrier {
  verdict?: Verdict;
  /** Declared as `string` or as a record of them: not one of a closed set of values. */
  isString?: boolean;
  kind: string;
}

/** What carries the string, from the inside out, until a carrier's name decides. */
function carrierOf(node: Node, parents: ReadonlyMap<Node, Node>): Carrier {
  let kind: string | undefined;
  const stop = (verdict: Verdict | undefined, otherwise: string): Carrier => ({ verdict, kind: kind ?? otherwise });
  for (let child = node, parent = parents.get(node); parent; child = parent, parent = parents.get(parent)) {
    switch (parent.type) {
      case "ConditionalExpression":
        if (parent.test === child) return stop("never", "condition");
        continue;
      case "BinaryExpression":
        if (parent.operator !== "+") return stop("never", "comparison");
        continue;
      case "LogicalExpression":
      case "TemplateLiteral":
      case "ArrayExpression":
      case "SpreadElement":
      case "ObjectExpression":
      case "TSAsExpression":
      case "TSSatisfiesExpression":
      case "TSNonNullExpression":
      case "ChainExpression":
      case "AwaitExpression":
      case "JSXExpressionContainer":
      case "SequenceExpression":
        continue;
      case "JSXElement":
      case "JSXFragment":
        return stop("text", kindIn(parent));
      case "JSXAttribute": {
        const name = parent.name.type === "JSXIdentifier" ? parent.name.name : parent.name.name.name;
        kind ??= `attribute ${name}`;
        return stop(names(name), kind);
      }
      case "Property": {
        if (parent.value !== child) return stop("never", "key");
        const { key } = parent;
        const name = key.type === "Identifier" ? key.name : key.type === "Literal" ? String(key.value) : "";
        kind ??= `property ${name}`;
        const verdict = keywords.test(name) ? "never" : names(name);
        if (verdict) return stop(verdict === "text" && isOfOtherType(parent, parents) ? "code" : verdict, kind);
        continue;
      }
      case "MemberExpression":
        if (parent.object !== child) return stop("never", "key");
        continue;
      case "CallExpression":
      case "NewExpression": {
        // What is called on an array of strings: what comes of it is carried further.
        if (parent.callee === child) continue;
        const name = lastName(parent.callee) ?? "";
        if (transparentCalls.has(name)) continue;
        kind ??= `call ${name}`;
        return stop(calls(name), kind);
      }
      case "TaggedTemplateExpression":
        return stop("never", "tag");
      case "ReturnStatement": {
        let owner: Node | undefined = parent;
        while (owner && !isFunction(owner)) owner = parents.get(owner);
        if (!owner) return stop(undefined, "return");
        parent = owner;
        break;
      }
      case "ArrowFunctionExpression":
        if (parent.body !== child) return stop(undefined, "parameter");
        break;
      case "VariableDeclarator":
      case "AssignmentPattern":
      case "AssignmentExpression":
      case "PropertyDefinition": {
        const target: Node = "id" in parent ? parent.id : "key" in parent ? parent.key : parent.left;
        const name = lastName(target) ?? "";
        kind ??= parent.type === "AssignmentPattern" ? `default ${name}` : `value ${name}`;
        return { ...stop(names(name), kind), isString: isStringType(typeOf(target)) };
      }
      case "SwitchCase":
        return stop("never", "case");
      default:
        return stop(undefined, "expression");
    }
    // A function that returns it: its own name, or what it is given to.
    const name = functionName(parent, parents);
    if (name !== undefined) {
      kind ??= `return ${name}`;
      const verdict = names(name);
      const isArgument = parents.get(parent)?.type === "CallExpression";
      if (verdict || !isArgument) return { ...stop(verdict, kind), isString: isStringType(returnTypeOf(parent)) };
    }
  }
  return stop(undefined, "expression");
}

const typeOf = (target: Node): Node | undefined => (target.type === "Identifier" ? target.typeAnnotation?.typeAnnotation : undefined);
const returnTypeOf = (node: Node): Node | undefined =>
  node.type === "ArrowFunctionExpression" || node.type === "FunctionDeclaration" || node.type === "FunctionExpression"
    ? node.returnType?.typeAnnotation
    : undefined;
function isStringType(type: Node | undefined): boolean {
  if (type?.type === "TSStringKeyword") return true;
  if (type?.type === "TSUnionType") return type.types.some(isStringType) && !type.types.some((one) => one.type === "TSLiteralType");
  if (type?.type !== "TSTypeReference" || type.typeName.type !== "Identifier") return false;
  const { name } = type.typeName;
  if (name === "Partial" || name === "Readonly") return isStringType(type.typeArguments?.params[0]);
  return name === "Record" && isStringType(type.typeArguments?.params[1]);
}

/** `Record<Status, Tone>`: names of properties say nothing about values of another type. */
function isOfOtherType(property: Node, parents: ReadonlyMap<Node, Node>): boolean {
  const object = parents.get(property);
  const owner = object && parents.get(object);
  const type = owner?.type === "VariableDeclarator" ? typeOf(owner.id) : undefined;
  return (
    type?.type === "TSTypeReference" &&
    type.typeName.type === "Identifier" &&
    type.typeName.name === "Record" &&
    type.typeArguments?.params[1]?.type === "TSTypeReference"
  );
}

const isFunction = ({ type }: Node): boolean =>
  type === "FunctionDeclaration" || type === "FunctionExpression" || type === "ArrowFunctionExpression";

function functionName(node: Node, parents: ReadonlyMap<Node, Node>): string | undefined {
  if (node.type === "FunctionDeclaration" || node.type === "FunctionExpression") if (node.id) return node.id.name;
  const parent = parents.get(node);
  if (parent?.type === "VariableDeclarator") return lastName(parent.id);
  if (parent?.type === "Property" || parent?.type === "MethodDefinition" || parent?.type === "PropertyDefinition")
    return lastName(parent.key);
  return undefined;
}

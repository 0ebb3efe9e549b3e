import type * as t from "@babel/types";
import type { ElementEditReason, ElementOrigin } from "@tesslate/contract";
import {
  bare,
  bindingOf,
  componentName,
  isHostName,
  keyOf,
  literalOf,
  nameOf,
  offsetOf,
  startOf,
  usesOf,
  type FunctionNode,
  type JsxFile,
} from "./jsx-file.ts";
import { shownText, type Literal } from "./literals.ts";

/** A literal that an edit can change. */
export interface Place {
  path: string;
  literal: Literal;
}

/** Why an edit is not made. */
export class Refusal {
  readonly reason: ElementEditReason;
  constructor(reason: ElementEditReason) {
    this.reason = reason;
  }
}

/** An element of the source, and the call sites of the components around it. */
export interface Site {
  file: JsxFile;
  node: t.JSXElement;
  origin: ElementOrigin;
  /** The element that created the component around this one; undefined where the page does not say, or where it is not followed. */
  outer: (() => Site | Refusal) | undefined;
}

/** All literals that an expression can have as its value. */
interface Possible {
  literals: readonly Place[];
  /** It can have no other value that is shown. */
  isComplete: boolean;
  reason: ElementEditReason;
}

const none: Possible = { literals: [], isComplete: true, reason: "not_found" };
const unknown = (reason: ElementEditReason): Possible => ({ literals: [], isComplete: false, reason });
const one = (place: Place): Possible => ({ literals: [place], isComplete: true, reason: "not_found" });
const either = (left: Possible, right: Possible): Possible => ({
  literals: [...left.literals, ...right.literals],
  isComplete: left.isComplete && right.isComplete,
  reason: left.isComplete ? right.reason : left.reason,
});
/** Of nested expressions that are followed. */
export const maxDepth = 12;

/** A child that produces text nodes: `possible` are its values, `isAlways` if it is always there. */
export interface Slot {
  possible: Possible;
  isAlways: boolean;
}

/** The children that produce text nodes, in order. */
export function slotsOf(site: Site, children: t.JSXElement["children"], depth = 0): Slot[] {
  if (depth > maxDepth) return [{ possible: unknown("expression"), isAlways: false }];
  return children.flatMap((child): Slot[] => {
    switch (child.type) {
      case "JSXText":
        return shownText(child.value) === ""
          ? []
          : [{ possible: one({ path: site.file.path, literal: jsxTextLiteral(child) }), isAlways: true }];
      case "JSXFragment":
        return slotsOf(site, child.children, depth + 1);
      case "JSXElement": {
        const name = nameOf(child.openingElement.name);
        if (name === "Fragment") return slotsOf(site, child.children, depth + 1);
        // A component may render text without an element of its own.
        return isHostName(name) ? [] : [{ possible: unknown("component"), isAlways: false }];
      }
      case "JSXSpreadChild":
        return [{ possible: unknown("expression"), isAlways: false }];
      case "JSXExpressionContainer": {
        if (child.expression.type === "JSXEmptyExpression") return [];
        const literal = literalOf(site.file, bare(child.expression));
        if (literal && shownText(literal.value) === "") return [];
        const possible = possibleOf(site, child.expression, depth + 1);
        return possible === none ? [] : [{ possible, isAlways: literal !== undefined }];
      }
    }
  });
}

const jsxTextLiteral = (node: t.JSXText): Literal => ({ kind: "jsx-text", start: startOf(node), end: node.end ?? 0, value: node.value });

/** The literals that an expression can have as its value, followed through names and props. */
export function possibleOf(site: Site, given: t.Node, depth = 0): Possible {
  if (depth > maxDepth) return unknown("expression");
  const node = bare(given);
  const literal = literalOf(site.file, node);
  if (literal) return one({ path: site.file.path, literal });
  switch (node.type) {
    case "NullLiteral":
    case "BooleanLiteral":
    case "JSXElement":
      return node.type === "JSXElement" && !isHostName(nameOf(node.openingElement.name)) ? unknown("component") : none;
    case "ConditionalExpression":
      return either(possibleOf(site, node.consequent, depth + 1), possibleOf(site, node.alternate, depth + 1));
    case "LogicalExpression":
      // What `&&` returns from its left side is not shown, or is no text of the source.
      return node.operator === "&&" ? possibleOf(site, node.right, depth + 1) : unknown("expression");
    case "Identifier":
      return node.name === "undefined" ? none : valueAt(site, node.name, node, [], depth);
    case "MemberExpression":
    case "OptionalMemberExpression": {
      const keys: string[] = [];
      let at: t.Node = node;
      while ((at.type === "MemberExpression" || at.type === "OptionalMemberExpression") && keys.length < 6) {
        if (at.computed || at.property.type !== "Identifier") return unknown("expression");
        keys.unshift(at.property.name);
        at = bare(at.object);
      }
      return at.type === "Identifier" ? valueAt(site, at.name, at, keys, depth) : unknown("expression");
    }
    default:
      return unknown("expression");
  }
}

/** The value of a name, or of a property of it. */
function valueAt(site: Site, name: string, use: t.Node, keys: readonly string[], depth: number): Possible {
  const { file } = site;
  const binding = bindingOf(file, name, use);
  if (!binding) return unknown("expression");
  if (binding.kind === "imported") return unknown("imported");
  if (binding.kind === "other") return unknown("expression");
  if (binding.kind === "constant") {
    if (!binding.declarator.init) return unknown("expression");
    if (binding.isExported || usesOf(file, name, binding.declarator.id).length !== 1) return unknown("shared");
    return inValue(site, binding.declarator.init, keys, depth);
  }
  if (usesOf(file, name, use).some((other) => isAssigned(file, other))) return unknown("expression");
  const path = [...binding.keys, ...keys];
  const list = listOf(file, binding.of);
  if (list) return binding.index === 0 && !binding.fallback ? itemValue(site, binding.of, list, path, depth) : unknown("expression");
  return binding.index === 0 ? propValue(site, binding.of, path, binding.fallback, depth) : unknown("expression");
}

function isAssigned(file: JsxFile, node: t.Node): boolean {
  const parent = file.parentOf(node);
  return (parent?.type === "AssignmentExpression" && parent.left === node) || parent?.type === "UpdateExpression";
}

/** The value at a path of literal objects. */
function inValue(site: Site, given: t.Node, keys: readonly string[], depth: number): Possible {
  const node = bare(given);
  const [key, ...rest] = keys;
  if (key === undefined) return possibleOf(site, node, depth + 1);
  if (node.type !== "ObjectExpression") return unknown("expression");
  if (node.properties.some((property) => property.type !== "ObjectProperty" || keyOf(property) === undefined)) return unknown("expression");
  const found = node.properties.filter((property) => property.type === "ObjectProperty" && keyOf(property) === key);
  const [property] = found;
  return property?.type === "ObjectProperty" && found.length === 1 ? inValue(site, property.value, rest, depth + 1) : unknown("expression");
}

/** The list that a function is the callback of: `list.map(fn)`. */
function listOf(file: JsxFile, fn: FunctionNode): t.Node | undefined {
  const call = file.parentOf(fn);
  if (call?.type !== "CallExpression" && call?.type !== "OptionalCallExpression") return undefined;
  const { callee } = call;
  if (callee.type !== "MemberExpression" && callee.type !== "OptionalMemberExpression") return undefined;
  const isMap = !callee.computed && callee.property.type === "Identifier" && callee.property.name === "map";
  return isMap && call.arguments[0] === fn ? bare(callee.object) : undefined;
}

/** The value of a property of a list's item: which one the element is about, its root says. */
function itemValue(site: Site, fn: FunctionNode, list: t.Node, path: readonly string[], depth: number): Possible {
  const { file, origin } = site;
  const array = list.type === "Identifier" ? constantArray(file, list) : list;
  if (typeof array === "string") return unknown(array);
  if (array.type !== "ArrayExpression") return unknown("expression");
  const root = returnedElement(fn);
  const isInside = root && startOf(site.node) >= startOf(root) && (site.node.end ?? 0) <= (root.end ?? 0);
  if (!root || !isInside) return unknown("expression");
  const item = origin.items.find(({ line, column }) => offsetOf(file.text, line, column) === startOf(root));
  const elements = array.elements;
  if (!item || item.count !== elements.length || elements.some((element) => !element || element.type === "SpreadElement"))
    return unknown("ambiguous");
  const element = elements[item.index];
  return element ? inValue(site, element, path, depth + 1) : unknown("ambiguous");
}

/** The array of a constant that nothing but the list itself uses. */
function constantArray(file: JsxFile, name: t.Identifier): t.Node | ElementEditReason {
  const binding = bindingOf(file, name.name, name);
  if (binding?.kind === "imported") return "imported";
  if (binding?.kind !== "constant" || !binding.declarator.init) return "expression";
  if (binding.isExported) return "shared";
  const others = usesOf(file, name.name, binding.declarator.id).filter((use) => {
    const parent = file.parentOf(use);
    if (use === name || parent?.type === "TSTypeQuery") return false;
    const isMember = parent?.type === "MemberExpression" || parent?.type === "OptionalMemberExpression";
    return !(
      isMember &&
      parent.object === use &&
      !parent.computed &&
      parent.property.type === "Identifier" &&
      parent.property.name === "length"
    );
  });
  return others.length === 0 ? bare(binding.declarator.init) : "shared";
}

function returnedElement(fn: FunctionNode): t.JSXElement | undefined {
  const { body } = fn;
  if (body.type !== "BlockStatement") {
    const value = bare(body);
    return value.type === "JSXElement" ? value : undefined;
  }
  const returned = body.body.filter((statement) => statement.type === "ReturnStatement");
  const value = returned.length === 1 && returned[0]?.argument ? bare(returned[0].argument) : undefined;
  return value?.type === "JSXElement" ? value : undefined;
}

/** The value of a prop of the component that created the element: what its call site passes, otherwise its default. */
function propValue(site: Site, fn: FunctionNode, path: readonly string[], fallback: t.Node | undefined, depth: number): Possible {
  const name = componentName(site.file, fn);
  const [prop, ...rest] = path;
  if (name === undefined) return unknown("expression");
  if (prop === undefined || !site.outer) return unknown("component");
  const outer = site.outer();
  if (outer instanceof Refusal) return unknown(outer.reason);
  if (!isCallOf(outer, name)) return unknown("component");
  if (prop === "children" && rest.length === 0) {
    const slots = slotsOf(outer, outer.node.children, depth + 1);
    const [only] = slots;
    const hasElements = outer.node.children.some(({ type }) => type === "JSXElement");
    return only && slots.length === 1 && !hasElements ? only.possible : unknown("ambiguous");
  }
  const found = attributeOf(outer.node, prop);
  if (found instanceof Refusal) {
    const isAbsent = found.reason === "not_found" && !hasSpread(outer.node);
    return isAbsent && fallback && rest.length === 0
      ? possibleOf(site, fallback, depth + 1)
      : unknown(isAbsent ? "not_found" : "expression");
  }
  return inValue(outer, found, rest, depth + 1);
}

/** Whether an element is a call of the component: by its name, or by an import that may rename it. */
export function isCallOf({ file, node }: Site, component: string): boolean {
  const name = node.openingElement.name;
  if (nameOf(name) === component) return true;
  if (name.type !== "JSXIdentifier") return false;
  const binding = bindingOf(file, name.name, node);
  return binding?.kind === "imported" && (binding.importedName === component || binding.importedName === "default");
}

export const hasSpread = (node: t.JSXElement): boolean => node.openingElement.attributes.some(({ type }) => type === "JSXSpreadAttribute");

/** The value of an attribute that no spread after it can replace. */
export function attributeOf(node: t.JSXElement, name: string): t.Node | Refusal {
  const { attributes } = node.openingElement;
  const index = attributes.findLastIndex((attribute) => attribute.type === "JSXAttribute" && attribute.name.name === name);
  if (attributes.slice(index + 1).some(({ type }) => type === "JSXSpreadAttribute")) return new Refusal("expression");
  const attribute = attributes[index];
  if (attribute?.type !== "JSXAttribute" || !attribute.value) return new Refusal("not_found");
  if (attribute.value.type !== "JSXExpressionContainer") return attribute.value;
  return attribute.value.expression.type === "JSXEmptyExpression" ? new Refusal("not_found") : attribute.value.expression;
}

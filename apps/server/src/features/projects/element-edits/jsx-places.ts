import type * as t from "@babel/types";
import type { ElementEditReason, ElementOrigin } from "@tesslate/contract";
import {
  bare,
  bindingOf,
  calledName,
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
export class Refusal {
  readonly reason: ElementEditReason;
  constructor(reason: ElementEditReason) {
    this.reason = reason;
  }
}

/** An element of the source, and the call sites of the components around it. */
interface Site {
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
const maxDepth = 12;

/** What of an element can be edited, and where. */
export interface ElementPlaces {
  /** The file with the element, and where the element starts in it. */
  path: string;
  start: number;
  text: (texts: readonly string[], index: number) => Place | Refusal;
  attribute: (name: string, value: string) => Place | Refusal;
  /** `rendered`: the classes that the page shows. */
  classes: (rendered: ReadonlySet<string>) => ClassPlaces;
}

/** The element that the first origin names; its component's call site comes from the second one. */
export function findJsx(
  files: ReadonlyMap<string, JsxFile>,
  origins: readonly ElementOrigin[],
  { tag, isComponent }: { tag: string; isComponent: boolean },
): ElementPlaces | Refusal {
  const siteAt = (level: number): Site | Refusal => {
    const origin = origins[level];
    if (!origin) return new Refusal("component");
    const file = files.get(origin.file);
    if (!file) return new Refusal("unsupported");
    const node = elementAt(file, origin, (name) => (level > 0 || isComponent ? !isHostName(name) : name === tag));
    if (node instanceof Refusal) return node;
    return { file, node, origin, outer: level === 0 ? () => siteAt(1) : undefined };
  };
  const site = siteAt(0);
  if (site instanceof Refusal) return site;
  return {
    path: site.file.path,
    start: startOf(site.node),
    text: (texts, index) => textPlace(site, texts, index),
    attribute: (name, value) => attributePlace(site, name, value),
    classes: (rendered) => classPlaces(site, rendered),
  };
}

/** The element that starts at a position. Only where the page's copy of the file is known to be this one, its line is enough. */
function elementAt(file: JsxFile, origin: ElementOrigin, fits: (name: string) => boolean): t.JSXElement | Refusal {
  const offset = offsetOf(file.text, origin.line, origin.column);
  const [start, end] = [offsetOf(file.text, origin.line, 1), offsetOf(file.text, origin.line + 1, 1) ?? file.text.length];
  if (start === undefined) return new Refusal("not_found");
  const fitting = file.elements.filter((node) => fits(nameOf(node.openingElement.name)));
  const exact = fitting.find((node) => startOf(node) === offset);
  if (exact) return exact;
  if (origin.hash === undefined) return new Refusal("not_found");
  const onLine = fitting.filter((node) => startOf(node) >= start && startOf(node) < end);
  const [only] = onLine;
  return only && onLine.length === 1 ? only : new Refusal(only ? "ambiguous" : "not_found");
}

// --- texts ---

/** A child that produces text nodes: `possible` are its values, `isAlways` if it is always there. */
interface Slot {
  possible: Possible;
  isAlways: boolean;
}

function textPlace(site: Site, texts: readonly string[], index: number): Place | Refusal {
  const given = texts[index];
  if (given === undefined) return new Refusal("not_found");
  const wanted = shownText(given);
  const slots = slotsOf(site, site.node.children);
  const isFixed = slots.every(({ isAlways }) => isAlways);
  if (isFixed && slots.length === texts.length) {
    const [place] = slots[index]?.possible.literals ?? [];
    return place && shownText(place.literal.value) === wanted ? place : new Refusal("not_found");
  }
  return pickByValue(slots, (value) => shownText(value) === wanted, texts.filter((text) => shownText(text) === wanted).length);
}

/** The only literal with the value, if nothing else can have produced it. */
function pickByValue(slots: readonly Slot[], fits: (value: string) => boolean, shownCount: number): Place | Refusal {
  const found = slots.flatMap((slot) =>
    slot.possible.literals.filter(({ literal }) => fits(literal.value)).map((place) => ({ place, slot })),
  );
  const [match] = found;
  const open = slots.find(({ possible }) => !possible.isComplete);
  if (!match) return new Refusal(open?.possible.reason ?? "not_found");
  if (found.length > 1 || shownCount !== 1) return new Refusal("ambiguous");
  // What may be absent could also have come from a value that is not known.
  return match.slot.isAlways || !open ? match.place : new Refusal("ambiguous");
}

function slotsOf(site: Site, children: t.JSXElement["children"], depth = 0): Slot[] {
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

// --- values ---

function possibleOf(site: Site, given: t.Node, depth = 0): Possible {
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
function isCallOf({ file, node }: Site, component: string): boolean {
  const name = node.openingElement.name;
  if (nameOf(name) === component) return true;
  if (name.type !== "JSXIdentifier") return false;
  const binding = bindingOf(file, name.name, node);
  return binding?.kind === "imported" && (binding.importedName === component || binding.importedName === "default");
}

// --- attributes ---

const hasSpread = (node: t.JSXElement): boolean => node.openingElement.attributes.some(({ type }) => type === "JSXSpreadAttribute");

/** The value of an attribute that no spread after it can replace. */
function attributeOf(node: t.JSXElement, name: string): t.Node | Refusal {
  const { attributes } = node.openingElement;
  const index = attributes.findLastIndex((attribute) => attribute.type === "JSXAttribute" && attribute.name.name === name);
  if (attributes.slice(index + 1).some(({ type }) => type === "JSXSpreadAttribute")) return new Refusal("expression");
  const attribute = attributes[index];
  if (attribute?.type !== "JSXAttribute" || !attribute.value) return new Refusal("not_found");
  if (attribute.value.type !== "JSXExpressionContainer") return attribute.value;
  return attribute.value.expression.type === "JSXEmptyExpression" ? new Refusal("not_found") : attribute.value.expression;
}

function attributePlace(site: Site, name: string, value: string): Place | Refusal {
  const found = attributeOf(site.node, name);
  if (found instanceof Refusal) return found;
  const possible = possibleOf(site, found);
  return pickByValue([{ possible, isAlways: false }], (text) => text === value, 1);
}

// --- classes ---

/** A literal with classes. `open`: its first or last class continues in an expression. */
interface ClassLiteral extends Place {
  isAlways: boolean;
  isShown: boolean;
  tokens: readonly string[];
  opensStart: boolean;
  opensEnd: boolean;
}
export interface ClassPlaces {
  /** The literal that a shown class comes from. */
  of: (name: string) => Place | Refusal;
  /** Where a class is added: a literal, or an attribute that the element does not have yet. */
  forNew: Place | { path: string; attributeAt: number } | Refusal;
}

const combining = new Set(["cn", "clsx", "classnames", "classNames", "cx", "twMerge", "twJoin"]);
const tokensOf = (text: string): string[] => text.split(/\s+/).filter(Boolean);

function classPlaces(site: Site, rendered: ReadonlySet<string>): ClassPlaces {
  const { path } = site.file;
  const found = attributeOf(site.node, "className");
  if (found instanceof Refusal) {
    const name = site.node.openingElement.typeArguments ?? site.node.openingElement.name;
    const isAbsent = found.reason === "not_found" && !hasClassName(site.node) && !hasSpread(site.node);
    return { of: () => found, forNew: isAbsent ? { path, attributeAt: name.end ?? 0 } : found };
  }
  const literals: ClassLiteral[] = [];
  let hidden: ElementEditReason | undefined;
  const hide = (reason: ElementEditReason) => void (hidden ??= reason);
  const add = (at: Site, literal: Literal, isAlways: boolean, isShown: boolean, opens = { start: false, end: false }) =>
    void literals.push({
      path: at.file.path,
      literal,
      isAlways,
      isShown,
      tokens: tokensOf(literal.value),
      opensStart: opens.start && /^\S/.test(literal.value),
      opensEnd: opens.end && /\S$/.test(literal.value),
    });
  const areShown = (value: string) => tokensOf(value).every((token) => rendered.has(token));

  const collect = (at: Site, given: t.Node, isAlways: boolean, depth: number): void => {
    if (depth > maxDepth) return hide("expression");
    const node = bare(given);
    const literal = literalOf(at.file, node);
    if (literal) return add(at, literal, isAlways, isAlways || areShown(literal.value));
    switch (node.type) {
      case "NullLiteral":
      case "BooleanLiteral":
      case "NumericLiteral":
        return undefined;
      case "TemplateLiteral":
        for (const [index, quasi] of node.quasis.entries()) {
          const { cooked } = quasi.value;
          const text: Literal = { kind: "template", start: startOf(quasi), end: quasi.end ?? 0, value: cooked ?? "" };
          add(at, text, isAlways, isAlways || areShown(text.value), { start: index > 0, end: index < node.quasis.length - 1 });
        }
        for (const expression of node.expressions) collect(at, expression, isAlways, depth + 1);
        return undefined;
      case "ConditionalExpression": {
        const [left, right] = [literalOf(at.file, bare(node.consequent)), literalOf(at.file, bare(node.alternate))];
        // Which branch is shown must be certain.
        if (left && right && areShown(left.value) && areShown(right.value)) {
          add(at, left, false, true);
          return add(at, right, false, true);
        }
        collect(at, node.consequent, false, depth + 1);
        return collect(at, node.alternate, false, depth + 1);
      }
      case "LogicalExpression":
        if (node.operator !== "&&") {
          collect(at, node.left, false, depth + 1);
          return collect(at, node.right, false, depth + 1);
        }
        return collect(at, node.right, false, depth + 1);
      case "ArrayExpression":
        for (const element of node.elements)
          if (element?.type === "SpreadElement") hide("expression");
          else if (element) collect(at, element, isAlways, depth + 1);
        return undefined;
      case "ObjectExpression":
        for (const property of node.properties) {
          const key =
            property.type === "ObjectProperty" && property.key.type === "StringLiteral" ? literalOf(at.file, property.key) : undefined;
          if (key) add(at, key, false, areShown(key.value));
          else hide("expression");
        }
        return undefined;
      case "CallExpression": {
        const name = calledName(node);
        if (node.callee.type === "Identifier" && combining.has(node.callee.name)) {
          for (const argument of node.arguments)
            if (argument.type === "SpreadElement") hide("expression");
            else collect(at, argument, isAlways, depth + 1);
          return undefined;
        }
        // `["a", b && "c"].filter(Boolean).join(" ")`
        const target = node.callee.type === "MemberExpression" ? bare(node.callee.object) : undefined;
        const [separator] = node.arguments;
        if (name === "join" && target && separator?.type === "StringLiteral" && separator.value === " ")
          return collect(at, target, isAlways, depth + 1);
        const isBoolean = separator?.type === "Identifier" && separator.name === "Boolean";
        if (name === "filter" && target && isBoolean) return collect(at, target, isAlways, depth + 1);
        return hide("expression");
      }
      case "Identifier":
      case "MemberExpression": {
        if (node.type === "Identifier" && node.name === "undefined") return undefined;
        const passed = node.type === "Identifier" ? passedClasses(at, node) : undefined;
        if (passed && passed !== "absent") return collect(passed.site, passed.value, isAlways, depth + 1);
        if (passed === "absent") return undefined;
        const { literals: places, isComplete, reason } = possibleOf(at, node, depth + 1);
        const [only] = places;
        if (!only || places.length > 1 || !isComplete) return hide(reason);
        literals.push({
          ...only,
          isAlways,
          isShown: isAlways || areShown(only.literal.value),
          tokens: tokensOf(only.literal.value),
          opensStart: false,
          opensEnd: false,
        });
        return undefined;
      }
      default:
        return hide("expression");
    }
  };
  collect(site, found, true, 0);

  const isWhole = ({ tokens, opensStart, opensEnd }: ClassLiteral, name: string) =>
    tokens.some((token, at) => token === name && !(at === 0 && opensStart) && !(at === tokens.length - 1 && opensEnd));
  const target = literals.find(({ isAlways, opensEnd, tokens }) => isAlways && !opensEnd && tokens.length > 0);
  return {
    of: (name) => {
      const holders = literals.filter((one) => one.isShown && isWhole(one, name));
      const [holder] = holders;
      if (!rendered.has(name)) return new Refusal("not_found");
      if (!holder) return new Refusal(hidden ?? "not_found");
      const isTwice = holder.tokens.filter((token) => token === name).length > 1;
      if (holders.length > 1 || isTwice) return new Refusal("ambiguous");
      return holder.isAlways || hidden === undefined ? holder : new Refusal("ambiguous");
    },
    forNew: target ?? literals.find(({ isAlways, literal }) => isAlways && literal.value === "") ?? new Refusal(hidden ?? "expression"),
  };
}

const hasClassName = (node: t.JSXElement): boolean =>
  node.openingElement.attributes.some((attribute) => attribute.type === "JSXAttribute" && attribute.name.name === "className");

/** What the call site passes as the prop that a name is; `absent` if it passes none. */
function passedClasses(site: Site, name: t.Identifier): { site: Site; value: t.Node } | "absent" | undefined {
  const binding = bindingOf(site.file, name.name, name);
  if (binding?.kind !== "parameter" || binding.index !== 0 || binding.keys.length !== 1 || binding.fallback || !site.outer)
    return undefined;
  const component = componentName(site.file, binding.of);
  const outer = component === undefined ? undefined : site.outer();
  if (!outer || outer instanceof Refusal || component === undefined || !isCallOf(outer, component)) return undefined;
  const value = attributeOf(outer.node, binding.keys[0] ?? "");
  if (value instanceof Refusal) return value.reason === "not_found" && !hasSpread(outer.node) ? "absent" : undefined;
  return { site: outer, value };
}

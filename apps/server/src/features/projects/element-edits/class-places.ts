import type * as t from "@babel/types";
import type { ElementEditReason } from "@tesslate/contract";
import { bare, bindingOf, calledName, componentName, literalOf, startOf } from "./jsx-file.ts";
import { attributeOf, hasSpread, isCallOf, maxDepth, possibleOf, Refusal, type Place, type Site } from "./jsx-values.ts";
import type { Literal } from "./literals.ts";

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

/** Where the classes of an element are written. */
export function classPlaces(site: Site, rendered: ReadonlySet<string>): ClassPlaces {
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

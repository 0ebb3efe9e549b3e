import type { PageElement } from "@tesslate/contract";
import { parse, type DefaultTreeAdapterTypes as Tree } from "parse5";
import type { ClassPlaces } from "./class-places.ts";
import { Refusal, type Place } from "./jsx-values.ts";
import type { ElementPlaces } from "./jsx-places.ts";
import { shownText, type Literal } from "./literals.ts";

export const isHtmlPath = (path: string): boolean => /\.html?$/i.test(path);
const isElement = (node: Tree.Node): node is Tree.Element => "tagName" in node;
const isText = (node: Tree.Node): node is Tree.TextNode => node.nodeName === "#text";
const elementsOf = (node: Tree.ParentNode): Tree.Element[] => node.childNodes.filter(isElement);

/**
 * The element that a page's trail leads to. Every step must have the same siblings in the file and on the page; scripts may only have
 * appended some.
 */
export function findHtml(path: string, text: string, element: PageElement): ElementPlaces | Refusal {
  const trail = element.document?.trail ?? [];
  let at = elementsOf(parse(text, { sourceCodeLocationInfo: true })).find(({ tagName }) => tagName === "html");
  for (const { index, tags } of trail) {
    const children: Tree.Element[] = at ? elementsOf(at) : [];
    if (children.some(({ tagName }, nth) => tagName !== tags[nth])) return new Refusal("ambiguous");
    at = children[index];
  }
  const found = at;
  const location = found?.sourceCodeLocation;
  if (!found || !location || trail.length === 0 || found.tagName !== element.tag) return new Refusal("not_found");
  const { startOffset } = location.startTag ?? location;

  const attribute = (name: string): Literal | undefined => {
    const range = location.attrs?.[name];
    const value = found.attrs.find((one) => one.name === name)?.value;
    if (!range || value === undefined) return undefined;
    const written = text.slice(range.startOffset, range.endOffset);
    const quoted = /^[^\s=]+\s*=\s*(["'])/.exec(written);
    if (!quoted) return undefined;
    const quote = quoted[1] === "'" ? "'" : '"';
    return { kind: "html-attribute", quote, start: range.startOffset + quoted[0].length, end: range.endOffset - 1, value };
  };
  const placeOf = (literal: Literal): Place => ({ path, literal });
  return {
    path,
    start: startOffset,
    text: (texts, index) => {
      const nodes = found.childNodes.filter((node) => isText(node) && shownText(node.value) !== "");
      const wanted = texts[index];
      const node = nodes[index];
      if (nodes.length !== texts.length || wanted === undefined || !node || !isText(node) || !node.sourceCodeLocation)
        return new Refusal("not_found");
      if (shownText(node.value) !== shownText(wanted)) return new Refusal("not_found");
      const at = node.sourceCodeLocation;
      return placeOf({ kind: "html-text", start: at.startOffset, end: at.endOffset, value: node.value });
    },
    attribute: (name, value) => {
      const literal = attribute(name);
      return literal?.value === value ? placeOf(literal) : new Refusal("not_found");
    },
    classes: (): ClassPlaces => {
      const literal = attribute("class");
      const names = literal?.value.split(/\s+/).filter(Boolean) ?? [];
      const hasOne = found.attrs.some(({ name }) => name === "class");
      return {
        of: (name) => {
          const count = names.filter((one) => one === name).length;
          return literal && count === 1 ? placeOf(literal) : new Refusal(count > 1 ? "ambiguous" : "not_found");
        },
        forNew: literal
          ? placeOf(literal)
          : hasOne
            ? new Refusal("not_found")
            : { path, attributeAt: startOffset + 1 + element.tag.length },
      };
    },
  };
}

/** The files that a page path can be, as development servers of static pages look them up. */
export function htmlCandidates(directory: string, pagePath: string): string[] {
  let clean: string;
  try {
    clean = decodeURIComponent(pagePath.split(/[?#]/)[0] ?? "").replace(/^\/+|\/+$/g, "");
  } catch {
    return [];
  }
  if (clean.split("/").includes("..")) return [];
  const names = clean === "" ? ["index.html"] : isHtmlPath(clean) ? [clean] : [`${clean}.html`, `${clean}/index.html`];
  const inFolder = directory === "." || directory === "" ? "" : `${directory.replace(/\/+$/, "")}/`;
  return names.flatMap((name) => [`${inFolder}${name}`, `${inFolder}public/${name}`]);
}

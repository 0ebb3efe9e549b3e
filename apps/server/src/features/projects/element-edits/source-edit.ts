import type { ElementChange, PageElement } from "@tesslate/contract";
import { textHash } from "@tesslate/contract";
import { findHtml, htmlCandidates, isHtmlPath } from "./html-places.ts";
import { isJsxPath, offsetOf, parseJsx, positionOf, type JsxFile } from "./jsx-file.ts";
import { findJsx, type ElementPlaces } from "./jsx-places.ts";
import { Refusal, type Place } from "./jsx-values.ts";
import { applySplice, shownText, spliceOf, type Splice } from "./literals.ts";

export { Refusal } from "./jsx-values.ts";

/** An element in the source, with the files that it was found in. */
export interface Located {
  places: ElementPlaces;
  /** Where the element starts in its file. */
  start: number;
  files: ReadonlyMap<string, string>;
}
/** What is written for a change. */
export interface Plan {
  path: string;
  line: number;
  splices: readonly Splice[];
}

export const classNames = (element: Pick<PageElement, "class_name">): string[] => [
  ...new Set(element.class_name.split(/\s+/).filter(Boolean)),
];

/** The files that the page of an element can be. */
export const documentPaths = (element: PageElement): string[] =>
  element.document ? htmlCandidates(element.directory, element.document.path) : [];

/** Finds an element of a page in the source. `files`: texts by path; those that are missing do not exist. */
export function locate(files: ReadonlyMap<string, string>, element: PageElement): Located | Refusal {
  const found = element.origins.length > 0 ? locateJsx(files, element) : locateHtml(files, element);
  return found instanceof Refusal ? found : { places: found, start: found.start, files };
}

function locateJsx(files: ReadonlyMap<string, string>, element: PageElement): ElementPlaces | Refusal {
  const parsed = new Map<string, JsxFile>();
  for (const { file, hash } of element.origins) {
    const text = files.get(file);
    if (text === undefined) continue;
    if (hash !== undefined && hash !== textHash(text)) return new Refusal("changed");
    if (!isJsxPath(file) || parsed.has(file)) continue;
    const jsx = parseJsx(file, text);
    if (jsx) parsed.set(file, jsx);
  }
  const [first] = element.origins;
  if (first && !files.has(first.file)) return new Refusal("not_found");
  return findJsx(parsed, element.origins, { tag: element.tag, isComponent: element.is_component === true });
}

function locateHtml(files: ReadonlyMap<string, string>, element: PageElement): ElementPlaces | Refusal {
  const present = documentPaths(element).filter((path) => files.has(path) && isHtmlPath(path));
  const [path] = present;
  if (path === undefined) return new Refusal("no_source");
  return present.length > 1 ? new Refusal("ambiguous") : findHtml(path, files.get(path) ?? "", element);
}

/** Where and what a change writes. The source must have exactly one place for it, with the value that the page shows. */
export function planChange({ places, files }: Located, element: PageElement, change: ElementChange): Plan | Refusal {
  const planAt = (path: string, splices: Splice[]): Plan => ({
    path,
    line: positionOf(files.get(path) ?? "", Math.min(...splices.map(({ start }) => start))).line,
    splices,
  });
  if (change.type === "classes") return planClasses(places, files, element, change, planAt);
  const shown = change.type === "text" ? element.texts[change.index] : element.attributes[change.name];
  if (shown === undefined) return new Refusal("not_found");
  const place = change.type === "text" ? places.text(element.texts, change.index) : places.attribute(change.name, shown);
  if (place instanceof Refusal) return place;
  const splice = spliceOf(files.get(place.path) ?? "", place.literal, change.value, { isText: change.type === "text" });
  return planAt(place.path, [splice]);
}

function planClasses(
  places: ElementPlaces,
  files: ReadonlyMap<string, string>,
  element: PageElement,
  { remove, add }: Extract<ElementChange, { type: "classes" }>,
  planAt: (path: string, splices: Splice[]) => Plan,
): Plan | Refusal {
  const found = places.classes(new Set(classNames(element)));
  /** The new value of each literal. */
  const edited = new Map<number, { place: Place; value: string }>();
  const valueAt = (place: Place) => edited.get(place.literal.start)?.value ?? place.literal.value;
  const set = (place: Place, value: string) => void edited.set(place.literal.start, { place, value });
  const attributes: Splice[] = [];
  const paths = new Set<string>();
  const missing = [...add];
  for (const name of remove) {
    const place = found.of(name);
    if (place instanceof Refusal) return place;
    paths.add(place.path);
    const replacement = missing.shift();
    set(place, withToken(valueAt(place), name, replacement));
  }
  if (missing.length > 0) {
    const target = found.forNew;
    if (target instanceof Refusal) return target;
    paths.add(target.path);
    if ("attributeAt" in target) {
      const name = isHtmlPath(target.path) ? "class" : "className";
      const value = missing.join(" ").replaceAll("&", "&amp;").replaceAll('"', "&quot;");
      attributes.push({ start: target.attributeAt, end: target.attributeAt, text: ` ${name}="${value}"` });
    } else {
      const value = valueAt(target);
      const core = value.trimEnd();
      const spaced = core === "" || /\s$/.test(core) ? "" : " ";
      set(target, `${core}${spaced}${missing.join(" ")}${value.slice(core.length)}`);
    }
  }
  const [path] = paths;
  if (path === undefined) return new Refusal("not_found");
  if (paths.size > 1) return new Refusal("ambiguous");
  const text = files.get(path) ?? "";
  const splices = [...edited.values()].map(({ place, value }) => spliceOf(text, place.literal, value, { isText: false }));
  return planAt(path, [...splices, ...attributes]);
}

/** A class list with one class replaced, or removed with the white space before it. */
function withToken(value: string, name: string, replacement: string | undefined): string {
  const parts = value.split(/(\s+)/);
  const at = parts.indexOf(name);
  if (at < 0) return value;
  if (replacement !== undefined) parts[at] = replacement;
  else if (at > 0 && parts[at - 1] !== "" && !(at === 1 && parts[0] === "")) parts.splice(at - 1, 2);
  else parts.splice(at, 2);
  return parts.join("");
}

/**
 * The file's text after a change, and the element as the page shows it then. Refused if the text does not parse or does not have the
 * element with the new value: what is written is found again in the same way.
 */
export function appliedChange(
  { files }: Located,
  element: PageElement,
  change: ElementChange,
  { path, splices }: Plan,
): { text: string; element: PageElement } | Refusal {
  const before = files.get(path) ?? "";
  const ordered = splices.toSorted((a, b) => b.start - a.start);
  const text = ordered.reduce(applySplice, before);
  const moved = (position: { line: number; column: number }) => {
    const offset = offsetOf(before, position.line, position.column) ?? 0;
    const shift = splices.filter(({ end }) => end <= offset).reduce((sum, one) => sum + one.text.length - (one.end - one.start), 0);
    return positionOf(text, offset + shift);
  };
  const next: PageElement = {
    ...changed(element, change),
    origins: element.origins.map((origin) =>
      origin.file === path
        ? {
            ...origin,
            ...moved(origin),
            ...(origin.hash !== undefined && { hash: textHash(text) }),
            items: origin.items.map((item) => ({ ...item, ...moved(item) })),
          }
        : origin,
    ),
  };
  const found = locate(new Map([...files, [path, text]]), next);
  if (found instanceof Refusal) return found;
  return isThere(found, next, change) ? { text, element: next } : new Refusal("not_found");
}

function changed(element: PageElement, change: ElementChange): PageElement {
  switch (change.type) {
    case "text":
      return { ...element, texts: element.texts.map((text, index) => (index === change.index ? shownText(change.value) : text)) };
    case "attribute":
      return { ...element, attributes: { ...element.attributes, [change.name]: change.value } };
    case "classes": {
      const kept = classNames(element).filter((name) => !change.remove.includes(name));
      return { ...element, class_name: [...new Set([...kept, ...change.add])].join(" ") };
    }
  }
}

function isThere({ places }: Located, element: PageElement, change: ElementChange): boolean {
  if (change.type === "text") return !(places.text(element.texts, change.index) instanceof Refusal);
  if (change.type === "attribute") return !(places.attribute(change.name, change.value) instanceof Refusal);
  const { of } = places.classes(new Set(classNames(element)));
  return change.add.every((name) => !(of(name) instanceof Refusal));
}

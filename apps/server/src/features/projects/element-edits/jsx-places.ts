import type * as t from "@babel/types";
import type { ElementOrigin } from "@tesslate/contract";
import { classPlaces, type ClassPlaces } from "./class-places.ts";
import { isHostName, nameOf, offsetOf, startOf, type JsxFile } from "./jsx-file.ts";
import { attributeOf, possibleOf, Refusal, slotsOf, type Place, type Site, type Slot } from "./jsx-values.ts";
import { shownText } from "./literals.ts";

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

function attributePlace(site: Site, name: string, value: string): Place | Refusal {
  const found = attributeOf(site.node, name);
  if (found instanceof Refusal) return found;
  const possible = possibleOf(site, found);
  return pickByValue([{ possible, isAlways: false }], (text) => text === value, 1);
}

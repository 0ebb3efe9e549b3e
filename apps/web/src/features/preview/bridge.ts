import { elementAttributes, type ElementOrigin, type PageElement } from "@tesslate/contract";

/** Messages between the workbench and the bridge script that the preview's proxy adds to every page. Both sides check origin and nonce. */
export type BridgeCommand =
  | { type: "navigate"; path: string }
  | { type: "back" }
  | { type: "forward" }
  | { type: "reload" }
  /** Starts or ends selecting an element of the page. Files of its source are reported by their paths in the app's folder `directory`. */
  | { type: "pick"; isOn: boolean; directory: string }
  /** Shows a change of the selected element without writing it; without a change what was shown goes. */
  | ({ type: "attempt" } & Attempt)
  /** Ends the selection, and removes what was shown. */
  | { type: "deselect" }
  /** Selects the element again after the page was loaded again. */
  | { type: "reselect"; selector: string };

/** What the page shows before it is in the source. */
export interface Attempt {
  text?: { index: number; value: string };
  class_name?: string;
  attribute?: { name: string; value: string };
  /** Inline styles in place of classes that the page has no rules for yet. */
  styles?: Record<string, string>;
  /** The change is in the source now. */
  isKept?: boolean;
}
export type BridgeReport =
  | PlaceReport
  /** From now on a click selects: the picker is loaded at its first use. */
  | { type: "pick_started" }
  | { type: "picked"; element: PickedElement }
  | { type: "pick_over" }
  | { type: "pressed" };
export interface PlaceReport {
  /** `painted`: the page shows its first text or picture. */
  type: "ready" | "location" | "painted";
  path: string;
  title: string | undefined;
  /** Another one for each document that the frame loads. */
  document: string | undefined;
  /** `app`, or the server's page that is shown instead: `unauthorized` means that the preview's cookie was missing. */
  page: string;
}

/** A selected element, as the page reports it. */
export interface PickedElement {
  tag: string;
  text: string;
  selector: string;
  html: string;
  /** Computed styles that differ from the defaults. */
  styles: Record<string, string>;
  /** In CSS pixels of the page's window. */
  rect: { x: number; y: number; width: number; height: number };
  /** Relative to the container's folder; undefined where the page does not know it. */
  source: { file: string; line: number; column: number } | undefined;
  /** A PNG as a data URL; undefined where the browser could not draw it. */
  image: string | undefined;
  /** What is needed to change it in the source; undefined if the page sent nothing valid. */
  edit: PageElementFacts | undefined;
}
/** An element as the page knows it: without the folder of its container, which the files' paths are relative to. */
export type PageElementFacts = Omit<PageElement, "directory">;

const ours = "tesslate-studio";
const theirs = "tesslate-bridge";

export interface BridgePeer {
  /** The frame's window: messages of others are ignored. */
  window: Window | null | undefined;
  origin: string;
  nonce: string;
}

export const commandMessage = (command: BridgeCommand, nonce: string): Record<string, unknown> => ({ source: ours, nonce, ...command });

/** A message of our own frame's bridge; undefined for everything else. The page may be hostile: its texts are only displayed. */
export function readBridge(event: { source: unknown; origin: string; data: unknown }, peer: BridgePeer): BridgeReport | undefined {
  if (!peer.window || event.source !== peer.window || event.origin !== peer.origin) return undefined;
  const data = event.data;
  if (data === null || typeof data !== "object") return undefined;
  const { source, nonce, type, document: loaded, path, title, page, element } = data as Record<string, unknown>;
  if (source !== theirs || (nonce !== undefined && nonce !== null && nonce !== peer.nonce)) return undefined;
  if (type === "pick_started" || type === "pick_over" || type === "pressed") return { type };
  if (type === "picked") {
    const picked = readElement(element);
    return picked ? { type, element: picked } : { type: "pick_over" };
  }
  if ((type !== "ready" && type !== "location" && type !== "painted") || typeof path !== "string") return undefined;
  return {
    type,
    path: path.slice(0, 2000),
    title: typeof title === "string" ? title.slice(0, 200) : undefined,
    document: typeof loaded === "string" ? loaded.slice(0, 40) : undefined,
    page: typeof page === "string" ? page : "app",
  };
}

const maxImageChars = 4_000_000;
const textOf = (value: unknown, length: number): string => (typeof value === "string" ? value.slice(0, length) : "");
const numberOf = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? Math.round(value) : 0);

/** Validates and shortens the element that a page reports; undefined if it is invalid. */
function readElement(given: unknown): PickedElement | undefined {
  if (given === null || typeof given !== "object") return undefined;
  const { tag, text, selector, html, styles, rect, source, image, edit } = given as Record<string, unknown>;
  if (typeof tag !== "string" || !/^[a-z][\w:.-]{0,60}$/i.test(tag)) return undefined;
  const box = (rect ?? {}) as Record<string, unknown>;
  const place = (source ?? {}) as Record<string, unknown>;
  const file = textOf(place["file"], 300);
  return {
    tag,
    text: textOf(text, 200),
    selector: textOf(selector, 500),
    html: textOf(html, 1500),
    styles: Object.fromEntries(
      Object.entries((styles ?? {}) as Record<string, unknown>)
        .slice(0, 40)
        .map(([name, value]) => [name.slice(0, 60), textOf(value, 200)]),
    ),
    rect: { x: numberOf(box["x"]), y: numberOf(box["y"]), width: numberOf(box["width"]), height: numberOf(box["height"]) },
    source:
      file && !file.split("/").includes("..") ? { file, line: numberOf(place["line"]), column: numberOf(place["column"]) } : undefined,
    image:
      typeof image === "string" && image.length <= maxImageChars && /^data:image\/png;base64,[A-Za-z\d+/=]+$/.test(image)
        ? image
        : undefined,
    edit: readFacts(tag, edit),
  };
}

const itemsOf = (value: unknown, most: number): Record<string, unknown>[] =>
  Array.isArray(value)
    ? value.slice(0, most).filter((one): one is Record<string, unknown> => typeof one === "object" && one !== null && !Array.isArray(one))
    : [];
const stringsOf = (value: unknown, most: number, length: number): string[] | undefined =>
  Array.isArray(value) && value.length <= most && value.every((one) => typeof one === "string" && one.length <= length)
    ? (value as string[])
    : undefined;
const positionOf = (value: Record<string, unknown>) => ({
  line: Math.max(1, numberOf(value["line"])),
  column: Math.max(1, numberOf(value["column"])),
});

/** What the API takes of an element. Anything that is too long or has the wrong type makes the element one that cannot be edited. */
function readFacts(tag: string, given: unknown): PageElementFacts | undefined {
  if (given === null || typeof given !== "object") return undefined;
  const { class_name: className, texts, attributes, origins, is_component: isComponent, document: page } = given as Record<string, unknown>;
  const own = stringsOf(texts, 50, 20_000);
  if (!own || typeof className !== "string" || className.length > 8000) return undefined;
  const values = (attributes ?? {}) as Record<string, unknown>;
  const { path, trail } = (page ?? {}) as Record<string, unknown>;
  const steps = itemsOf(trail, 60).flatMap(({ index, tags }) => {
    const names = stringsOf(tags, 500, 64);
    return names ? [{ index: Math.max(0, numberOf(index)), tags: names }] : [];
  });
  return {
    tag,
    class_name: className,
    texts: own,
    attributes: Object.fromEntries(
      elementAttributes.flatMap((name) => {
        const value = values[name];
        return typeof value === "string" && value.length <= 8000 ? [[name, value]] : [];
      }),
    ),
    origins: itemsOf(origins, 3).flatMap((origin): ElementOrigin[] => {
      const file = textOf(origin["file"], 1024);
      if (!file || file.split("/").includes("..")) return [];
      return [
        {
          file,
          ...positionOf(origin),
          ...(typeof origin["hash"] === "string" && { hash: origin["hash"].slice(0, 64) }),
          items: itemsOf(origin["items"], 8).map((item) => ({
            ...positionOf(item),
            index: Math.max(0, numberOf(item["index"])),
            count: Math.max(1, numberOf(item["count"])),
          })),
        },
      ];
    }),
    is_component: isComponent === true,
    ...(typeof path === "string" && steps.length > 0 && { document: { path: path.slice(0, 2000), trail: steps } }),
  };
}

/** The entry URL with the nonce where only the page's own script can read it; a redirect keeps the fragment. */
export const withNonce = (url: string, nonce: string): string => `${url.split("#")[0]}#studio-nonce=${nonce}`;

/** The input of the URL bar as a path on the preview's host; undefined for other hosts. */
export function pathTyped(text: string, origin: string): string | undefined {
  const typed = text.trim();
  if (typed === "") return "/";
  try {
    const url = new URL(/^[a-z][a-z\d+.-]*:\/\//i.test(typed) ? typed : `/${typed.replace(/^\/+/, "")}`, origin);
    return url.origin === origin ? url.pathname + url.search + url.hash : undefined;
  } catch {
    return undefined;
  }
}

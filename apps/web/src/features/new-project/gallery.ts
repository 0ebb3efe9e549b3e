import type { PreparationItem, Template } from "@tesslate/contract";
import { rank } from "../../lib/rank.ts";

/** The bundled templates that match, best first. Letters must be in words: a card that shares only scattered letters is no match. */
export function matchingTemplates(templates: readonly Template[], query: string | undefined, category: string | undefined): Template[] {
  const inCategory = templates.filter((template) => category === undefined || template.category === category);
  if (!query) return inCategory;
  const textOf = ({ name, description, stack, features }: Template) => [name, description, ...stack, ...features].join(" ");
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return rank(
    inCategory.filter((template) => words.every((word) => textOf(template).toLowerCase().includes(word))),
    query,
    textOf,
  );
}

/** What a project from a template has, in words: its services and its features. */
export function galleryContentsOf({ containers, features }: Template): string[] {
  const services = containers.filter(({ service_slug }) => service_slug !== null).map(({ name }) => name);
  return [...features, ...services.filter((name) => !features.includes(name))];
}

/** How long the first start of a template takes; undefined until it is known what is prepared. */
export function firstStartOf(slug: string, items: readonly PreparationItem[] | undefined): string | undefined {
  const state = items?.find(({ id }) => id === `template-${slug}`)?.state;
  switch (state) {
    case undefined:
      return undefined;
    case "ready":
      return "Starts in 1 to 2 s";
    case "preparing":
      return "Being prepared";
    default:
      return "First start takes 10 to 30 s";
  }
}

interface Box {
  left: number;
  top: number;
  width: number;
}

/**
 * The card that an arrow key leads to, in the order of the page: left and right one further, up and down the nearest one of the next row. The
 * same index if there is none.
 */
export function cardAt(boxes: readonly Box[], from: number, key: string): number {
  const start = boxes[from];
  if (!start) return from;
  const last = boxes.length - 1;
  switch (key) {
    case "ArrowRight":
      return Math.min(last, from + 1);
    case "ArrowLeft":
      return Math.max(0, from - 1);
    case "Home":
      return 0;
    case "End":
      return last;
    case "ArrowDown":
    case "ArrowUp": {
      const isDown = key === "ArrowDown";
      const beyond = boxes.map((box, index) => ({ box, index })).filter(({ box }) => (isDown ? box.top > start.top : box.top < start.top));
      const row = beyond.reduce(
        (near, { box }) => (isDown ? Math.min(near, box.top) : Math.max(near, box.top)),
        isDown ? Infinity : -Infinity,
      );
      const center = ({ left, width }: Box) => left + width / 2;
      const [nearest] = beyond
        .filter(({ box }) => box.top === row)
        .sort((a, b) => Math.abs(center(a.box) - center(start)) - Math.abs(center(b.box) - center(start)));
      return nearest?.index ?? from;
    }
    default:
      return from;
  }
}

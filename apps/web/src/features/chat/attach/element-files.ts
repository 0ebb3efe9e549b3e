import type { PickedElement } from "../../preview/index.ts";

export interface PickedPlace {
  /** The path of the page. */
  path: string;
  /** The folder of the container that serves the page; "." is the project's root. */
  directory: string;
}

/** What is attached for a picked element: a text description, and an image if the browser could draw one. */
export interface ElementFiles {
  /** `h1 · src/App.tsx:12`. */
  label: string;
  description: File;
  picture: File | undefined;
}

export function elementFiles(element: PickedElement, { path, directory }: PickedPlace): ElementFiles {
  const { source } = element;
  const file = source && (directory === "." ? source.file : `${directory}/${source.file}`);
  const place = source && file ? `${file}:${source.line}` : undefined;
  const { width, height, x, y } = element.rect;
  const lines = [
    `The element of the running app that the message refers to, at ${path}.`,
    "",
    `Tag: ${element.tag}`,
    ...(element.text ? [`Text: ${element.text}`] : []),
    `Source: ${source && place ? `${place}:${source.column}` : "unknown"}`,
    `Selector: ${element.selector}`,
    `Box: ${width} x ${height} at ${x}, ${y}`,
    "",
    "Computed styles:",
    ...Object.entries(element.styles).map(([name, value]) => `  ${name}: ${value}`),
    "",
    "HTML:",
    element.html,
    "",
  ];
  const short = source ? `${source.file.split("/").at(-1) ?? ""}:${source.line}` : element.selector.split(" ").at(-1)?.slice(0, 40);
  const name = `${element.tag} ${short ?? ""}`.trim().replaceAll("/", " ");
  return {
    label: `${element.tag} · ${place ?? element.selector}`,
    description: new File([lines.join("\n")], `${name}.txt`, { type: "text/plain" }),
    picture: element.image ? new File([bytesOf(element.image)], `${name}.png`, { type: "image/png" }) : undefined,
  };
}

/** The bytes of a base64 data URL. `fetch` is not used, because the content security policy forbids it. */
function bytesOf(dataUrl: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(dataUrl.slice(dataUrl.indexOf(",") + 1)), (letter) => letter.charCodeAt(0));
}

import type { Theme } from "@tesslate/contract";
import { parseColor } from "../../theme/color.ts";

export type ThemeDraft = Pick<Theme, "name" | "mode" | "colors" | "typography" | "spacing" | "animation">;
export type FieldKind = "color" | "size" | "duration" | "font" | "css";
interface FieldSpec {
  /** Path in the theme: `colors.sidebar.hover`. */
  path: string;
  label: string;
  kind: FieldKind;
}
interface FieldGroup {
  title: string;
  /** What the studio itself does with these. */
  hint?: string;
  fields: FieldSpec[];
}

const colors = (under: string, labels: Record<string, string>): FieldSpec[] =>
  Object.entries(labels).map(([key, label]) => ({ path: `colors.${under}${key}`, label, kind: "color" }));
const others = (under: string, kind: FieldKind, labels: Record<string, string>): FieldSpec[] =>
  Object.entries(labels).map(([key, label]) => ({ path: `${under}.${key}`, label, kind }));

/** Every value that a person sets, in groups; `*Rgb` triples follow from their colours. The last groups are part of the format, not of these screens. */
export const fieldGroups: readonly FieldGroup[] = [
  { title: "Brand", fields: colors("", { primary: "Primary", primaryHover: "Primary, under the pointer", accent: "Accent" }) },
  { title: "Surfaces", fields: colors("", { background: "Background", surface: "Surface", surfaceHover: "Surface, under the pointer" }) },
  { title: "Text", fields: colors("", { text: "Text", textMuted: "Muted", textSubtle: "Subtle" }) },
  { title: "Borders", fields: colors("", { border: "Hairline", borderHover: "Strong" }) },
  {
    title: "Status",
    hint: "These also colour code, the terminal and the canvas.",
    fields: colors("status.", { error: "Error", success: "Success", warning: "Warning", info: "Note" }),
  },
  {
    title: "Type and corners",
    fields: [
      ...others("typography", "font", { fontFamily: "Font", fontFamilyMono: "Font of code" }),
      ...others("spacing", "size", { radiusSmall: "Corner, small", radiusMedium: "medium", radiusLarge: "large", radiusXl: "largest" }),
    ],
  },
  {
    title: "Motion",
    hint: "Nothing here moves for longer than 200 ms.",
    fields: [
      ...others("animation", "duration", { durationFast: "Fast", durationNormal: "Normal", durationSlow: "Slow" }),
      { path: "animation.easing", label: "Easing", kind: "css" },
    ],
  },
  {
    title: "More of the format",
    hint: "Kept with the theme for other programs that wear it. This studio works these out from the colours above.",
    fields: [
      ...colors("sidebar.", {
        background: "Sidebar",
        text: "Sidebar, text",
        border: "Sidebar, border",
        hover: "Sidebar, under the pointer",
        active: "Sidebar, chosen",
      }),
      ...colors("input.", {
        background: "Input",
        border: "Input, border",
        borderFocus: "Input, border in focus",
        text: "Input, text",
        placeholder: "Input, placeholder",
      }),
      ...colors("scrollbar.", { thumb: "Scrollbar", thumbHover: "Scrollbar, under the pointer", track: "Scrollbar, track" }),
      ...colors("code.", {
        inlineBackground: "Code in a line",
        inlineText: "Code in a line, text",
        blockBackground: "Code block",
        blockBorder: "Code block, border",
        blockText: "Code block, text",
      }),
      ...others("colors.shadow", "css", { small: "Shadow, small", medium: "medium", large: "large" }),
      ...others("typography", "size", { fontSizeBase: "Size of text", lineHeight: "Height of a line" }),
    ],
  },
];

export function valueAt(draft: ThemeDraft, path: string): string {
  let at: unknown = draft;
  for (const key of path.split(".")) at = (at as Record<string, unknown>)[key];
  return String(at);
}

const put = (value: unknown, keys: readonly string[], text: string): unknown => {
  const [key = "", ...rest] = keys;
  const record = value as Record<string, unknown>;
  return { ...record, [key]: rest.length === 0 ? text : put(record[key], rest, text) };
};
const tripled = new Set(["colors.primary", "colors.status.error", "colors.status.success", "colors.status.warning", "colors.status.info"]);
/** The draft with one value changed, and the triple that belongs to it. */
export function withValue(draft: ThemeDraft, path: string, text: string): ThemeDraft {
  const changed = put(draft, path.split("."), text) as ThemeDraft;
  const color = tripled.has(path) ? parseColor(text) : undefined;
  if (!color) return changed;
  const triple = [color.r, color.g, color.b].map((v) => Math.round(v * 255)).join(", ");
  return put(changed, `${path}Rgb`.split("."), triple) as ThemeDraft;
}

const shapes: Record<FieldKind, { test: (text: string) => boolean; says: string }> = {
  color: { test: (text) => parseColor(text) !== undefined, says: "A hex, rgb or hsl colour, or transparent." },
  size: {
    test: (text) => /^\d{1,4}(\.\d{1,4})?(px|em|rem|%|vh|vw)?$/.test(text),
    says: "A number, with px, em, rem or % where it has a unit.",
  },
  duration: { test: (text) => /^\d{1,5}(\.\d{1,4})?m?s$/.test(text), says: "A number with ms or s." },
  font: { test: (text) => text.trim() !== "" && !/[;{}()\\<>]/.test(text), says: "Names of fonts, separated by commas." },
  css: { test: (text) => text.trim() !== "" && !/[;{}\\<>]|url/i.test(text), says: "A value without ; { } or url()." },
};
/** What is wrong with a value; the server has the last word. */
export const problemOf = (kind: FieldKind, text: string): string | undefined => (shapes[kind].test(text) ? undefined : shapes[kind].says);

import { parseColor, type Theme } from "@tesslate/contract";

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
  /** How the studio uses these. */
  hint?: string;
  fields: FieldSpec[];
}

const colors = (under: string, labels: Record<string, string>): FieldSpec[] =>
  Object.entries(labels).map(([key, label]) => ({ path: `colors.${under}${key}`, label, kind: "color" }));
const others = (under: string, kind: FieldKind, labels: Record<string, string>): FieldSpec[] =>
  Object.entries(labels).map(([key, label]) => ({ path: `${under}.${key}`, label, kind }));

/** Every editable value, in groups; `*Rgb` triples are derived from their colors. The studio doesn't use the last group. */
export const fieldGroups: readonly FieldGroup[] = [
  { title: "Brand", fields: colors("", { primary: "Primary", primaryHover: "Primary (hover)", accent: "Accent" }) },
  { title: "Surfaces", fields: colors("", { background: "Background", surface: "Surface", surfaceHover: "Surface (hover)" }) },
  { title: "Text", fields: colors("", { text: "Text", textMuted: "Muted", textSubtle: "Subtle" }) },
  { title: "Borders", fields: colors("", { border: "Default", borderHover: "Strong" }) },
  {
    title: "Status",
    hint: "Also used in code, the terminal and the canvas.",
    fields: colors("status.", { error: "Error", success: "Success", warning: "Warning", info: "Info" }),
  },
  {
    title: "Typography and corners",
    fields: [
      ...others("typography", "font", { fontFamily: "Font", fontFamilyMono: "Code font" }),
      ...others("spacing", "size", {
        radiusSmall: "Small radius",
        radiusMedium: "Medium radius",
        radiusLarge: "Large radius",
        radiusXl: "Extra large radius",
      }),
    ],
  },
  {
    title: "Motion",
    hint: "The studio limits animations to 200 ms.",
    fields: [
      ...others("animation", "duration", { durationFast: "Fast", durationNormal: "Normal", durationSlow: "Slow" }),
      { path: "animation.easing", label: "Easing", kind: "css" },
    ],
  },
  {
    title: "Other values",
    hint: "Stored for other apps that use the theme. The studio derives these from the colors above.",
    fields: [
      ...colors("sidebar.", {
        background: "Sidebar background",
        text: "Sidebar text",
        border: "Sidebar border",
        hover: "Sidebar item (hover)",
        active: "Sidebar item (selected)",
      }),
      ...colors("input.", {
        background: "Input background",
        border: "Input border",
        borderFocus: "Input border (focus)",
        text: "Input text",
        placeholder: "Input placeholder",
      }),
      ...colors("scrollbar.", { thumb: "Scrollbar thumb", thumbHover: "Scrollbar thumb (hover)", track: "Scrollbar track" }),
      ...colors("code.", {
        inlineBackground: "Inline code background",
        inlineText: "Inline code text",
        blockBackground: "Code block background",
        blockBorder: "Code block border",
        blockText: "Code block text",
      }),
      ...others("colors.shadow", "css", { small: "Small shadow", medium: "Medium shadow", large: "Large shadow" }),
      ...others("typography", "size", { fontSizeBase: "Base font size", lineHeight: "Line height" }),
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
/** The draft with one value and its triple changed. */
export function withValue(draft: ThemeDraft, path: string, text: string): ThemeDraft {
  const changed = put(draft, path.split("."), text) as ThemeDraft;
  const color = tripled.has(path) ? parseColor(text) : undefined;
  if (!color) return changed;
  const triple = [color.r, color.g, color.b].map((v) => Math.round(v * 255)).join(", ");
  return put(changed, `${path}Rgb`.split("."), triple) as ThemeDraft;
}

const shapes: Record<FieldKind, { test: (text: string) => boolean; says: string }> = {
  color: { test: (text) => parseColor(text) !== undefined, says: "Enter a hex, rgb or hsl color, or transparent." },
  size: {
    test: (text) => /^\d{1,4}(\.\d{1,4})?(px|em|rem|%|vh|vw)?$/.test(text),
    says: "Enter a number, with a unit if needed: px, em, rem, %, vh or vw.",
  },
  duration: { test: (text) => /^\d{1,5}(\.\d{1,4})?m?s$/.test(text), says: "Enter a number with ms or s." },
  font: { test: (text) => text.trim() !== "" && !/[;{}()\\<>]/.test(text), says: "Enter font names, separated by commas." },
  css: { test: (text) => text.trim() !== "" && !/[;{}\\<>]|url/i.test(text), says: "Enter a value without ; { } or url()." },
};
/** Why a value is invalid; the server checks it again. */
export const problemOf = (kind: FieldKind, text: string): string | undefined => (shapes[kind].test(text) ? undefined : shapes[kind].says);

import { tailwindColors, tailwindShades } from "./tailwind-colors.ts";

export interface StyleOption {
  /** The class. */
  name: string;
  label: string;
  /** What it means in CSS, to show it before the page has a rule for it. */
  value: string;
}
/** A style that a class sets: of the classes of one style, an element has at most one without a variant such as `sm:`. */
export interface Style {
  id: string;
  label: string;
  property: string;
  options: readonly StyleOption[];
  /** Whether a class sets this style, also with a value that is not an option. */
  isSetBy: (name: string) => boolean;
}

const spacing = [0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32];
const scale = (id: string, label: string, prefix: string, property: string): Style => ({
  id,
  label,
  property,
  options: spacing.map((step) => ({ name: `${prefix}-${step}`, label: `${step * 4} px`, value: `${step * 0.25}rem` })),
  isSetBy: (name) => new RegExp(`^-?${prefix}-(?:\\d|px$|auto$|\\[)`).test(name),
});
const table = (prefix: string, entries: readonly [suffix: string, label: string, value: string][]): StyleOption[] =>
  entries.map(([suffix, label, value]) => ({ name: suffix === "" ? prefix : `${prefix}-${suffix}`, label, value }));

const sizes = table("text", [
  ["xs", "Extra small, 12 px", "0.75rem"],
  ["sm", "Small, 14 px", "0.875rem"],
  ["base", "Base, 16 px", "1rem"],
  ["lg", "Large, 18 px", "1.125rem"],
  ["xl", "Extra large, 20 px", "1.25rem"],
  ["2xl", "24 px", "1.5rem"],
  ["3xl", "30 px", "1.875rem"],
  ["4xl", "36 px", "2.25rem"],
  ["5xl", "48 px", "3rem"],
  ["6xl", "60 px", "3.75rem"],
  ["7xl", "72 px", "4.5rem"],
]);
const weights = table("font", [
  ["light", "Light", "300"],
  ["normal", "Normal", "400"],
  ["medium", "Medium", "500"],
  ["semibold", "Semibold", "600"],
  ["bold", "Bold", "700"],
  ["extrabold", "Extra bold", "800"],
]);
const alignments = table("text", [
  ["left", "Left", "left"],
  ["center", "Center", "center"],
  ["right", "Right", "right"],
  ["justify", "Justify", "justify"],
]);
const radii = table("rounded", [
  ["none", "None", "0"],
  ["sm", "4 px", "0.25rem"],
  ["md", "6 px", "0.375rem"],
  ["lg", "8 px", "0.5rem"],
  ["xl", "12 px", "0.75rem"],
  ["2xl", "16 px", "1rem"],
  ["3xl", "24 px", "1.5rem"],
  ["full", "Full", "9999px"],
]);
const isOneOf =
  (options: readonly StyleOption[], more?: RegExp) =>
  (name: string): boolean =>
    options.some((option) => option.name === name) || (more?.test(name) ?? false);

export const textStyles: readonly Style[] = [
  { id: "size", label: "Text size", property: "font-size", options: sizes, isSetBy: isOneOf(sizes, /^text-\[[\d.]+(?:px|rem|em)\]$/) },
  {
    id: "weight",
    label: "Weight",
    property: "font-weight",
    options: weights,
    isSetBy: isOneOf(weights, /^font-(?:thin|extralight|black)$/),
  },
  { id: "align", label: "Alignment", property: "text-align", options: alignments, isSetBy: isOneOf(alignments, /^text-(?:start|end)$/) },
];
export const boxStyles: readonly Style[] = [
  scale("padding-x", "Padding, horizontal", "px", "padding-inline"),
  scale("padding-y", "Padding, vertical", "py", "padding-block"),
  scale("padding", "Padding, all sides", "p", "padding"),
  scale("gap", "Gap", "gap", "gap"),
  scale("margin-top", "Margin, top", "mt", "margin-top"),
  scale("margin-bottom", "Margin, bottom", "mb", "margin-bottom"),
  { id: "radius", label: "Corner radius", property: "border-radius", options: radii, isSetBy: isOneOf(radii, /^rounded(?:-\[.*\])?$/) },
];

const colorOptions = (prefix: string): StyleOption[] => [
  ...table(prefix, [
    ["white", "White", "#fff"],
    ["black", "Black", "#000"],
    ["transparent", "Transparent", "transparent"],
  ]),
  ...Object.entries(tailwindColors).flatMap(([color, values]) =>
    values.map((value, at) => ({
      name: `${prefix}-${color}-${tailwindShades[at] ?? ""}`,
      label: `${color} ${tailwindShades[at] ?? ""}`,
      value,
    })),
  ),
];
const color = (id: string, label: string, prefix: string, property: string): Style => {
  const options = colorOptions(prefix);
  return {
    id,
    label,
    property,
    options,
    isSetBy: isOneOf(options, new RegExp(`^${prefix}-(?:[a-z]+-\\d{2,3}/\\d+|current|inherit|\\[(?:#|rgb|hsl|oklch|color:).*\\])$`)),
  };
};
export const colorStyles: readonly Style[] = [
  color("color", "Text color", "text", "color"),
  color("background", "Background", "bg", "background-color"),
];
const styles: readonly Style[] = [...textStyles, ...boxStyles, ...colorStyles];

/** The class of a list that sets a style; undefined if none does. */
export const setBy = (style: Style, names: readonly string[]): string | undefined => names.find((name) => style.isSetBy(name));

/** Inline styles that show what a class will do. */
export function inlineStylesOf(name: string): Record<string, string> {
  for (const { property, options } of styles) {
    const option = options.find((one) => one.name === name);
    if (option) return { [property]: option.value };
  }
  return {};
}

const common =
  "flex inline-flex grid block inline-block hidden flex-row flex-col flex-wrap flex-1 grow shrink-0 items-start items-center items-end items-baseline items-stretch justify-start justify-center justify-end justify-between justify-around self-start self-center self-end grid-cols-1 grid-cols-2 grid-cols-3 grid-cols-4 grid-cols-6 grid-cols-12 col-span-2 col-span-3 w-full w-auto w-fit w-screen h-full h-auto h-screen min-h-screen min-h-dvh max-w-xs max-w-sm max-w-md max-w-lg max-w-xl max-w-2xl max-w-3xl max-w-4xl max-w-5xl max-w-6xl max-w-7xl max-w-prose mx-auto my-auto ml-auto mr-auto relative absolute fixed sticky inset-0 top-0 right-0 bottom-0 left-0 z-10 z-20 z-50 overflow-hidden overflow-auto overflow-x-auto truncate whitespace-nowrap text-balance text-pretty uppercase lowercase capitalize italic underline no-underline line-through leading-none leading-tight leading-snug leading-normal leading-relaxed leading-loose tracking-tight tracking-normal tracking-wide border border-0 border-2 border-t border-b border-l border-r divide-y divide-x shadow-xs shadow-sm shadow-md shadow-lg shadow-xl shadow-none opacity-0 opacity-50 opacity-75 opacity-100 object-cover object-contain aspect-square aspect-video transition transition-colors duration-200 cursor-pointer select-none pointer-events-none sr-only antialiased list-disc list-decimal list-none space-y-2 space-y-4 space-x-2 space-x-4".split(
    " ",
  );
const known = [...new Set([...common, ...styles.flatMap(({ options }) => options.map(({ name }) => name))])];

/** Classes that begin with what was typed, then those that contain it. A variant such as `md:` stays in front. */
export function suggestedClasses(typed: string, { except, limit }: { except: readonly string[]; limit: number }): string[] {
  const at = typed.lastIndexOf(":") + 1;
  const [variant, text] = [typed.slice(0, at), typed.slice(at).toLowerCase()];
  if (text === "") return [];
  const fitting = known.filter((name) => name.includes(text)).toSorted((a, b) => Number(b.startsWith(text)) - Number(a.startsWith(text)));
  return fitting
    .map((name) => variant + name)
    .filter((name) => !except.includes(name))
    .slice(0, limit);
}

import { contrast, over, parseColor, type Rgb } from "./color.ts";
import type { ThemeValues } from "./theme.ts";

/** Text or an outline of a theme that falls short of what WCAG AA asks for. */
export interface ThemeFault {
  /** As in the theme: `input.placeholder`. */
  token: string;
  what: string;
  on: string;
  ratio: number;
  floor: number;
}
type Ground = [name: string, color: string, over?: string];

/** What lies on what in a theme as it is written: 4.5:1 for text, 3:1 for outlines that carry meaning. */
function pairsOf({ colors: c }: ThemeValues): { token: string; what: string; fore: string; grounds: Ground[]; floor: number }[] {
  const page: Ground = ["the background", c.background];
  const card: Ground = ["surfaces", c.surface];
  const surfaces: Ground[] = [page, card, ["surfaces under the pointer", c.surfaceHover]];
  const side: Ground = ["the sidebar", c.sidebar.background];
  const well: Ground = ["inputs", c.input.background];
  const text = (token: string, what: string, fore: string, grounds: Ground[]) => ({ token, what, fore, grounds, floor: 4.5 });
  const line = (token: string, what: string, fore: string, grounds: Ground[]) => ({ token, what, fore, grounds, floor: 3 });
  return [
    text("text", "Text", c.text, [...surfaces, side]),
    text("textMuted", "Muted text", c.textMuted, [...surfaces, side]),
    text("textSubtle", "Subtle text", c.textSubtle, [...surfaces, side]),
    text("sidebar.text", "Text of the sidebar", c.sidebar.text, [
      side,
      ["its entry under the pointer", c.sidebar.hover, c.sidebar.background],
      ["its chosen entry", c.sidebar.active, c.sidebar.background],
    ]),
    text("input.text", "Text of inputs", c.input.text, [well]),
    text("input.placeholder", "Placeholders", c.input.placeholder, [well]),
    text("code.inlineText", "Code in a line", c.code.inlineText, [
      ["its ground on the background", c.code.inlineBackground, c.background],
      ["its ground on surfaces", c.code.inlineBackground, c.surface],
    ]),
    text("code.blockText", "Code in blocks", c.code.blockText, [["its ground", c.code.blockBackground, c.surface]]),
    text("status.error", "Errors", c.status.error, [page, card]),
    text("status.success", "Success", c.status.success, [page, card]),
    text("status.warning", "Warnings", c.status.warning, [page, card]),
    text("status.info", "Notes", c.status.info, [page, card]),
    line("borderHover", "Strong borders", c.borderHover, surfaces),
    line("input.border", "Borders of inputs", c.input.border, [page, well]),
    line("input.borderFocus", "The border of the focused input", c.input.borderFocus, [page, well]),
  ];
}

/** The worst ground of everything that falls short; a value that is no colour counts as ratio 0. */
export function findThemeFaults(theme: ThemeValues): ThemeFault[] {
  const base: Rgb = theme.mode === "dark" ? { r: 0, g: 0, b: 0, a: 1 } : { r: 1, g: 1, b: 1, a: 1 };
  const solid = (color: string, below: Rgb): Rgb | undefined => {
    const read = parseColor(color);
    return read && over(read, below);
  };
  return pairsOf(theme).flatMap(({ token, what, fore, grounds, floor }) => {
    const measured = grounds.map(([on, color, below]) => {
      const ground = solid(color, (below && solid(below, base)) || base);
      const top = ground && solid(fore, ground);
      return { on, ratio: ground && top ? contrast(top, ground) : 0 };
    });
    const worst = measured.reduce((a, b) => (b.ratio < a.ratio ? b : a));
    return worst.ratio < floor ? [{ token, what, floor, ...worst }] : [];
  });
}

import { contrast, over, parseColor, type Rgb } from "./colors.ts";
import type { Static } from "./schema.ts";
import type { ThemeJson, ThemeMode } from "./themes.ts";

type Measured = Pick<ThemeJson, "colors"> & { mode: Static<typeof ThemeMode> };

/** A text or outline of a theme below the contrast that WCAG AA requires. */
export interface ThemeFault {
  /** As in the theme: `input.placeholder`. */
  token: string;
  what: string;
  on: string;
  ratio: number;
  floor: number;
}
type Ground = [name: string, color: string, over?: string];

/** The foregrounds of a theme with their backgrounds: 4.5:1 for text, 3:1 for outlines that carry meaning. */
function pairsOf({ colors: c }: Measured): { token: string; what: string; fore: string; grounds: Ground[]; floor: number }[] {
  const page: Ground = ["the background", c.background];
  const card: Ground = ["surfaces", c.surface];
  const surfaces: Ground[] = [page, card, ["hovered surfaces", c.surfaceHover]];
  const side: Ground = ["the sidebar", c.sidebar.background];
  const well: Ground = ["inputs", c.input.background];
  const text = (token: string, what: string, fore: string, grounds: Ground[]) => ({ token, what, fore, grounds, floor: 4.5 });
  const line = (token: string, what: string, fore: string, grounds: Ground[]) => ({ token, what, fore, grounds, floor: 3 });
  return [
    text("text", "Text", c.text, [...surfaces, side]),
    text("textMuted", "Muted text", c.textMuted, [...surfaces, side]),
    text("textSubtle", "Subtle text", c.textSubtle, [...surfaces, side]),
    text("sidebar.text", "Sidebar text", c.sidebar.text, [
      side,
      ["hovered sidebar items", c.sidebar.hover, c.sidebar.background],
      ["the selected sidebar item", c.sidebar.active, c.sidebar.background],
    ]),
    text("input.text", "Input text", c.input.text, [well]),
    text("input.placeholder", "Placeholders", c.input.placeholder, [well]),
    text("code.inlineText", "Inline code", c.code.inlineText, [
      ["its background (on the page)", c.code.inlineBackground, c.background],
      ["its background (on surfaces)", c.code.inlineBackground, c.surface],
    ]),
    text("code.blockText", "Code blocks", c.code.blockText, [["their background", c.code.blockBackground, c.surface]]),
    text("status.error", "Errors", c.status.error, [page, card]),
    text("status.success", "Success messages", c.status.success, [page, card]),
    text("status.warning", "Warnings", c.status.warning, [page, card]),
    text("status.info", "Info messages", c.status.info, [page, card]),
    line("borderHover", "Strong borders", c.borderHover, surfaces),
    line("input.border", "Input borders", c.input.border, [page, well]),
    line("input.borderFocus", "Focused input borders", c.input.borderFocus, [page, well]),
  ];
}

/** Every foreground below its minimum, with its worst background. A value that is not a colour has the ratio 0. */
export function findThemeFaults(theme: Measured): ThemeFault[] {
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

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { contrast, over, parseColor, type Rgb } from "./color.ts";
import { findContrastFaults } from "./contrast.ts";
import type { Theme } from "./theme-json.ts";
import { deriveTokens } from "./theme.ts";
import { parseTokens } from "./tokens.ts";

const dir = join(import.meta.dirname, "../../../../themes");
const themes = readdirSync(dir).map((name) => JSON.parse(readFileSync(join(dir, name), "utf8")) as Theme);
const builtIn = parseTokens(readFileSync(new URL("./tokens.css", import.meta.url), "utf8"));
const read = (text: string): Rgb => {
  const color = parseColor(text);
  if (!color) throw new Error(`no colour: ${text}`);
  return color;
};

/** Everything in a theme that is text or an outline, with what lies below it and the ratio that WCAG AA asks for. */
function pairsOf({ colors: c }: Theme): [what: string, fore: string, grounds: Rgb[], floor: number][] {
  const page = read(c.background);
  const card = read(c.surface);
  const side = read(c.sidebar.background);
  const surfaces = [page, card, read(c.surfaceHover)];
  const well = read(c.input.background);
  return [
    ...(["text", "textMuted", "textSubtle"] as const).map((name): [string, string, Rgb[], number] => [
      name,
      c[name],
      [...surfaces, side],
      4.5,
    ]),
    ["sidebar.text", c.sidebar.text, [side, over(read(c.sidebar.hover), side), over(read(c.sidebar.active), side)], 4.5],
    ["input.text", c.input.text, [well], 4.5],
    ["input.placeholder", c.input.placeholder, [well], 4.5],
    ["code.inlineText", c.code.inlineText, [page, card].map((ground) => over(read(c.code.inlineBackground), ground)), 4.5],
    ["code.blockText", c.code.blockText, [over(read(c.code.blockBackground), card)], 4.5],
    ...(["error", "success", "warning", "info"] as const).map((name): [string, string, Rgb[], number] => [
      `status.${name}`,
      c.status[name],
      [page, card],
      4.5,
    ]),
    ["borderHover", c.borderHover, surfaces, 3],
    ["input.border", c.input.border, [page, well], 3],
    ["input.borderFocus", c.input.borderFocus, [page, well], 3],
  ];
}

test("all of them were found", () => expect(themes.length).toBe(43));

describe.each(themes.map((theme) => [theme.id, theme] as const))("%s", (_, theme) => {
  test("reads well as it is written", () => {
    const faults = pairsOf(theme).flatMap(([what, fore, grounds, floor]) =>
      grounds
        .map((ground) => contrast(over(read(fore), ground), ground))
        .filter((ratio) => ratio < floor)
        .map((ratio) => `${what} ${ratio.toFixed(2)} < ${floor}`),
    );
    expect(faults).toEqual([]);
  });
  test("one ink is legible on the primary colour and on its hover", () => {
    const fills = [read(theme.colors.primary), read(theme.colors.primaryHover)];
    const best = Math.max(...["#000", "#fff"].map((ink) => Math.min(...fills.map((fill) => contrast(read(ink), fill)))));
    expect(best).toBeGreaterThanOrEqual(4.5);
  });
  test("its triples are its colours", () => {
    const { colors } = theme;
    const triple = ({ r, g, b }: Rgb) => [r, g, b].map((v) => Math.round(v * 255)).join(", ");
    const { status } = colors;
    expect([colors.primaryRgb, status.errorRgb, status.successRgb, status.warningRgb, status.infoRgb]).toEqual(
      [colors.primary, status.error, status.success, status.warning, status.info].map((text) => triple(read(text))),
    );
  });
  test("keeps every floor on the screens", () => expect(findContrastFaults(deriveTokens(theme, builtIn[theme.mode]))).toEqual([]));
});

test("no two look alike", () => {
  const looks = themes.map(({ colors }) => JSON.stringify([colors.primary, colors.background, colors.surface, colors.text, colors.status]));
  expect(new Set(looks).size).toBe(themes.length);
});

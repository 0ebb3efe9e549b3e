import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { contrast, findThemeFaults, parseColor, type Rgb, type Theme } from "@tesslate/contract";
import { mix } from "./color.ts";
import { findContrastFaults } from "./contrast.ts";
import { deriveTokens } from "./theme.ts";
import { parseTokens, type Tokens } from "./tokens.ts";

const dir = join(import.meta.dirname, "../../../../themes");
const themes = readdirSync(dir).map((name) => JSON.parse(readFileSync(join(dir, name), "utf8")) as Theme);
const builtIn = parseTokens(readFileSync(new URL("./tokens.css", import.meta.url), "utf8"));
const read = (text: string): Rgb => {
  const color = parseColor(text);
  if (!color) throw new Error(`no colour: ${text}`);
  return color;
};

test("dark and light ones", () => {
  const modes = themes.map(({ mode }) => mode);
  expect([modes.filter((mode) => mode === "dark").length, modes.filter((mode) => mode === "light").length]).toEqual([41, 14]);
});
test("all of them were found", () => expect(themes.length).toBe(55));

describe.each(themes.map((theme) => [theme.id, theme] as const))("%s", (_, theme) => {
  test("reads well as it is written: text 4.5:1 on everything it lies on, outlines 3:1", () => expect(findThemeFaults(theme)).toEqual([]));
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

test("no two look alike, in the editor either", () => {
  const looks = themes.map((theme) => JSON.stringify(Object.values(deriveTokens(theme, builtIn[theme.mode]))));
  expect(new Set(looks).size).toBe(themes.length);
});
/** Of `[data-contrast="more"]` in tokens.css. */
const strongerText = { "fg-1": 1, "fg-2": 0.9, "fg-3": 0.85 };
test("more contrast: text is 7:1 in the built-in themes, and never weaker than 4.5:1", () => {
  const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");
  for (const [name, share] of Object.entries(strongerText).slice(1))
    expect(css).toContain(`--${name}: color-mix(in oklab, var(--fg-0) ${share * 100}%, var(--bg-1)) !important;`);
  const weakest = (tokens: Tokens) =>
    Math.min(
      ...Object.values(strongerText).flatMap((share) =>
        ["bg-0", "bg-1", "bg-2"].map((ground) =>
          contrast(mix(read(tokens["bg-1"] ?? ""), read(tokens["fg-0"] ?? ""), share), read(tokens[ground] ?? "")),
        ),
      ),
    );
  for (const mode of ["light", "dark"] as const) expect(weakest(builtIn[mode])).toBeGreaterThanOrEqual(7);
  for (const theme of themes) expect(weakest(deriveTokens(theme, builtIn[theme.mode])), theme.id).toBeGreaterThanOrEqual(4.5);
});
test("what falls short is shown, with what it lies on", () => {
  const nord = themes.find((theme) => theme.id === "nord") as Theme;
  const spoilt = {
    ...nord,
    colors: { ...nord.colors, textMuted: "rgba(255, 255, 255, 0.2)", input: { ...nord.colors.input, border: "nope" } },
  };
  expect(findThemeFaults(spoilt)).toEqual([
    { token: "textMuted", what: "Muted text", on: expect.any(String), ratio: expect.closeTo(1.6, 0), floor: 4.5 },
    { token: "input.border", what: "Input borders", on: "the background", ratio: 0, floor: 3 },
  ]);
});

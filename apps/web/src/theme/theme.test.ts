import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { contrast, over, parseColor } from "@tesslate/contract";
import { legible, mix, toHex } from "./color.ts";
import { findContrastFaults } from "./contrast.ts";
import { parseThemeChoice } from "./theme-choice.ts";
import { deriveTokens, type ThemeValues } from "./theme.ts";
import { parseTokens } from "./tokens.ts";

const builtIn = parseTokens(readFileSync(new URL("./tokens.css", import.meta.url), "utf8"));
const color = (text: string) => parseColor(text) ?? { r: Number.NaN, g: 0, b: 0, a: 1 };

/** The rest of a preset from its swatches. */
function preset(
  id: string,
  mode: "dark" | "light",
  primary: string,
  accent: string,
  background: string,
  surface: string,
  text?: string,
): ThemeValues & { id: string } {
  const p = color(primary);
  const rgb = [p.r, p.g, p.b].map((v) => Math.round(v * 255)).join(", ");
  const ink = mode === "dark" ? "255,255,255" : "26,26,26";
  const status = mode === "dark" ? ["#f87171", "#4ade80", "#fbbf24", "#60a5fa"] : ["#dc2626", "#16a34a", "#d97706", "#2563eb"];
  const [error = "", success = "", warning = "", info = ""] = status;
  const solid = text ?? (mode === "dark" ? "#ffffff" : "#1a1a1a");
  return {
    id,
    mode,
    colors: {
      primary,
      primaryHover: toHex(mix(p, color("#ffffff"), 0.18)),
      primaryRgb: rgb,
      accent,
      background,
      surface,
      surfaceHover: surface,
      text: solid,
      textMuted: `rgba(${ink},0.6)`,
      textSubtle: `rgba(${ink},0.4)`,
      border: `rgba(${ink},0.08)`,
      borderHover: `rgba(${ink},0.15)`,
      sidebar: { background, text: solid, border: `rgba(${ink},0.06)`, hover: `rgba(${rgb},0.08)`, active: `rgba(${rgb},0.15)` },
      input: { background: surface, border: `rgba(${ink},0.1)`, borderFocus: primary, text: solid, placeholder: `rgba(${ink},0.4)` },
      scrollbar: { thumb: `rgba(${rgb},0.3)`, thumbHover: `rgba(${rgb},0.5)`, track: "transparent" },
      code: {
        inlineBackground: `rgba(${rgb},0.15)`,
        inlineText: primary,
        blockBackground: "rgba(0,0,0,0.4)",
        blockBorder: `rgba(${rgb},0.2)`,
        blockText: "#e2e2e2",
      },
      status: { error, errorRgb: "", success, successRgb: "", warning, warningRgb: "", info, infoRgb: "" },
      shadow: { small: "none", medium: "none", large: "none" },
    },
    typography: { fontFamily: "Inter, sans-serif", fontFamilyMono: "JetBrains Mono, monospace", fontSizeBase: "14px", lineHeight: "1.5" },
    spacing: { radiusSmall: "4px", radiusMedium: "6px", radiusLarge: "8px", radiusXl: "12px" },
    animation: { durationFast: "150ms", durationNormal: "200ms", durationSlow: "0.3s", easing: "cubic-bezier(0.4, 0, 0.2, 1)" },
  };
}

const presets: (ThemeValues & { id: string })[] = [
  preset("default-dark", "dark", "#F89521", "#00D9FF", "#111113", "#0a0a0a"),
  preset("default-light", "light", "#F89521", "#0891b2", "#F5F6F6", "#ffffff"),
  preset("midnight", "dark", "#6366f1", "#a78bfa", "#0f0f14", "#1a1a24"),
  preset("ocean", "dark", "#14b8a6", "#06b6d4", "#0f1419", "#1a2027"),
  preset("rose", "dark", "#f43f5e", "#ec4899", "#140f11", "#201a1c"),
  preset("nord", "dark", "#88c0d0", "#b48ead", "#2e3440", "#3b4252"),
  preset("dracula", "dark", "#bd93f9", "#ff79c6", "#282a36", "#44475a"),
  preset("andromeda", "dark", "#ee5d43", "#96e072", "#23262e", "#1e2027"),
  // Themes nobody should make: the floors must hold all the same.
  preset("hostile: white on white", "light", "#ffffff", "#ffffff", "#ffffff", "#ffffff", "#ffffff"),
  preset("hostile: mid grey", "dark", "#808080", "#808080", "#808080", "#808080", "#808080"),
  preset("hostile: light surfaces called dark", "dark", "#ffee00", "#00ff00", "#f0f0f0", "#ffffff"),
  preset("hostile: not a colour", "dark", "var(--x)", "url(x)", "", "nope", "javascript:1"),
];

describe("built-in tokens", () => {
  test.each(["light", "dark"] as const)("%s reaches every contrast floor", (mode) => {
    expect(findContrastFaults(builtIn[mode])).toEqual([]);
  });
  test("dark and light define the same names", () => {
    expect(Object.keys(builtIn.dark).sort()).toEqual(Object.keys(builtIn.light).sort());
  });
});

describe("derived tokens", () => {
  test.each(presets.map((theme) => [theme.id, theme] as const))("%s reaches every contrast floor", (_, theme) => {
    expect(findContrastFaults(deriveTokens(theme, builtIn[theme.mode]))).toEqual([]);
  });
  test("every colour token of tokens.css is derived", () => {
    const derived = deriveTokens(presets[3] as ThemeValues, builtIn.dark);
    const colors = Object.entries(builtIn.light).filter(([, value]) => value.startsWith("#"));
    expect(colors.map(([name]) => name).filter((name) => !(name in derived))).toEqual([]);
  });
  test("an orange that fits stays as it is and takes dark text", () => {
    const derived = deriveTokens(presets[0] as ThemeValues, builtIn.dark);
    expect(derived["brand"]).toBe("#F89521");
    expect(contrast(color(derived["on-brand"] ?? ""), color("#F89521"))).toBeGreaterThan(7);
  });
  test("the desk is darker than the sheet in both modes", () => {
    for (const theme of presets) {
      const derived = deriveTokens(theme, builtIn[theme.mode]);
      expect(contrast(color(derived["bg-0"] ?? ""), color("#000000")), theme.id).toBeLessThan(
        contrast(color(derived["bg-1"] ?? ""), color("#000000")),
      );
    }
  });
  test("motion is capped at 200 ms, radii and fonts come through", () => {
    const derived = deriveTokens(presets[2] as ThemeValues, builtIn.dark);
    expect([derived["dur-1"], derived["dur-2"], derived["dur-3"]]).toEqual(["150ms", "200ms", "200ms"]);
    expect(derived["radius-4"]).toBe("12px");
    expect(derived["font-sans"]).toBe(builtIn.dark["font-sans"]);
  });
});

describe("colour arithmetic", () => {
  test.each([
    ["#abc", "#AABBCC"],
    ["#11223380", "#112233"],
    ["rgb(255, 0, 10)", "#FF000A"],
    ["rgba(0 128 255 / 50%)", "#0080FF"],
    ["hsl(0, 100%, 50%)", "#FF0000"],
    ["hsl(210 50% 40%)", "#336699"],
  ])("%s is %s", (text, hex) => expect(toHex(color(text))).toBe(hex));
  test.each(["", "red-ish", "#12", "#12345", "rgb(1)", "hsl(x, y, z)", "url(evil)"])("%j is no colour", (text) =>
    expect(parseColor(text)).toBeUndefined(),
  );
  test("translucent over a ground", () => expect(toHex(over(color("rgba(255,255,255,0.5)"), color("#000")))).toBe("#808080"));
  test("legible leaves a fitting colour alone and moves another only as far as needed", () => {
    expect(legible(color("#000000"), [color("#ffffff")], 4.5)).toEqual(color("#000000"));
    const moved = contrast(legible(color("#F89521"), [color("#ffffff")], 4.5), color("#ffffff"));
    expect(moved).toBeGreaterThanOrEqual(4.5);
    expect(moved).toBeLessThan(4.8);
  });
});

describe("stored choice", () => {
  test.each([
    [null, { mode: "system" }],
    ["not json", { mode: "system" }],
    ["null", { mode: "system" }],
    ['{"mode":"purple"}', { mode: "system" }],
    ['{"mode":"dark"}', { mode: "dark" }],
  ])("%j", (text, choice) => expect(parseThemeChoice(text)).toEqual(choice));
});

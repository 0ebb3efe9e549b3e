import { contrast, over, parseColor, type Rgb, type Theme, type ThemeJson } from "@tesslate/contract";
import { atLightness, legible, lightnessOf, mix, toHex } from "./color.ts";
import type { Tokens } from "./tokens.ts";

const white: Rgb = { r: 1, g: 1, b: 1, a: 1 };
const black: Rgb = { r: 0, g: 0, b: 0, a: 1 };
const longestMotionMs = 200;

/** What of a theme its look is made of. */
export type ThemeValues = ThemeJson & Pick<Theme, "mode">;

/** The two themes that tokens.css itself is; they need no overrides. */
export const builtInThemeIds: readonly string[] = ["default-light", "default-dark"];

const bestOf = (candidates: readonly Rgb[], grounds: readonly Rgb[]): Rgb => {
  const lowest = (c: Rgb) => Math.min(...grounds.map((ground) => contrast(c, ground)));
  return candidates.reduce((best, next) => (lowest(next) > lowest(best) ? next : best));
};

const cappedDuration = (text: string, fallback: string): string => {
  const amount = parseFloat(text);
  if (!Number.isFinite(amount)) return fallback;
  const ms = /[^m]s$/.test(text.trim()) ? amount * 1000 : amount;
  return `${Math.min(longestMotionMs, Math.round(ms))}ms`;
};

/**
 * Derives our semantic tokens from a theme's wire form. `defaults` are the built-in tokens of the same mode: seeds for what the
 * wire form does not name (syntax, terminal, graph). Every pair of contrast.ts reaches its floor in the result, whatever the theme
 * asked for: hues are kept, lightness gives way.
 */
export function deriveTokens(theme: ThemeValues, defaults: Tokens): Tokens {
  const isDark = theme.mode === "dark";
  const { colors, spacing, typography, animation } = theme;
  const seed = (name: string): Rgb => parseColor(defaults[name] ?? "") ?? (isDark ? white : black);
  const opaque = (text: string, ground: Rgb, fallback: Rgb) => over(parseColor(text) ?? fallback, ground);

  const page = opaque(colors.background, isDark ? black : white, seed("bg-0"));
  const card = opaque(colors.surface, page, seed("bg-1"));
  // The desk is the darker of the two in either mode, the sheet the lighter (visual principle 1).
  const [darker, sheetAsked] = lightnessOf(page) <= lightnessOf(card) ? [page, card] : [card, page];
  // Mid-grey themes leave no room for legible text on four surfaces, so surfaces keep to their end of the scale.
  const sheet = isDark
    ? atLightness(sheetAsked, Math.min(lightnessOf(sheetAsked), 0.34))
    : atLightness(sheetAsked, Math.max(lightnessOf(sheetAsked), 0.93));
  const desk = atLightness(darker, Math.max(0, Math.min(lightnessOf(darker), lightnessOf(sheet) - 0.03)));
  const deskInRange = isDark ? desk : atLightness(desk, Math.max(lightnessOf(desk), 0.9));
  const askedText = opaque(colors.text, sheet, seed("fg-0"));
  const towardsText = (share: number) => mix(sheet, isDark ? white : black, share);
  const bg = [deskInRange, sheet, towardsText(isDark ? 0.05 : 0.025), towardsText(isDark ? 0.12 : 0.085)] as const;
  const three = bg.slice(0, 3);

  const primary = opaque(colors.primary, sheet, seed("brand"));
  const asked = {
    ok: opaque(colors.status.success, sheet, seed("ok")),
    warn: opaque(colors.status.warning, sheet, seed("warn")),
    err: opaque(colors.status.error, sheet, seed("err")),
    info: opaque(colors.status.info, sheet, seed("info")),
  };
  const softShare = isDark ? 0.16 : 0.1;
  const soft = {
    brand: mix(sheet, primary, softShare),
    ok: mix(sheet, asked.ok, softShare),
    warn: mix(sheet, asked.warn, softShare),
    err: mix(sheet, asked.err, softShare),
    info: mix(sheet, asked.info, softShare),
  };
  const textGrounds = [...bg, ...Object.values(soft)];
  const fg0 = legible(askedText, textGrounds, 7);
  const fg1 = legible(mix(fg0, sheet, 0.16), textGrounds, 4.5);
  const fg2 = legible(opaque(colors.textMuted, sheet, seed("fg-2")), textGrounds, 4.5);
  const fg3 = legible(opaque(colors.textSubtle, sheet, seed("fg-3")), three, 4.5);
  const line0 = over(parseColor(colors.border) ?? seed("line-0"), sheet);
  const line1 = legible(opaque(colors.borderHover, sheet, seed("line-1")), three, 3);

  const inks = [mix(black, primary, 0.16), white];
  const onBrand = bestOf(inks, [primary]);
  const isDarkInk = onBrand !== white;
  const hoverAsked = opaque(colors.primaryHover, sheet, primary);
  const brandHover =
    contrast(onBrand, hoverAsked) >= 4.5
      ? hoverAsked
      : atLightness(primary, Math.min(1, Math.max(0, lightnessOf(primary) + (isDarkInk ? 0.05 : -0.05))));
  const brand = legible(primary, [onBrand], 4.5);
  const brandInk = legible(primary, [...bg, soft.brand], 4.5);
  const brandLine = legible(primary, bg, 3);

  const addGround = { plain: mix(sheet, asked.ok, isDark ? 0.13 : 0.1), strong: mix(sheet, asked.ok, isDark ? 0.24 : 0.22) };
  const delGround = { plain: mix(sheet, asked.err, isDark ? 0.13 : 0.1), strong: mix(sheet, asked.err, isDark ? 0.24 : 0.22) };
  const codeGrounds = [bg[1], bg[2], addGround.plain, addGround.strong, delGround.plain, delGround.strong];

  const tokens: Record<string, Rgb> = {
    "bg-0": bg[0],
    "bg-1": bg[1],
    "bg-2": bg[2],
    "bg-3": bg[3],
    "fg-0": fg0,
    "fg-1": fg1,
    "fg-2": fg2,
    "fg-3": fg3,
    "line-0": line0,
    "line-1": line1,
    brand,
    "brand-hover": legible(brandHover, [onBrand], 4.5),
    "on-brand": onBrand,
    "brand-ink": brandInk,
    "brand-line": brandLine,
    "brand-soft": soft.brand,
    focus: brandInk,
    thread: legible(mix(fg2, sheet, 0.3), three, 3),
    "thread-live": legible(primary, three, 3),
    "thread-held": legible(asked.err, three, 3),
    "thread-ghost": line1,
    "diff-add": addGround.plain,
    "diff-add-strong": addGround.strong,
    "diff-add-ink": legible(asked.ok, [addGround.plain, addGround.strong, ...bg], 4.5),
    "diff-del": delGround.plain,
    "diff-del-strong": delGround.strong,
    "diff-del-ink": legible(asked.err, [delGround.plain, delGround.strong, ...bg], 4.5),
    "term-bg": sheet,
    "term-selection": bg[3],
    "term-cursor": legible(primary, [sheet], 3),
    "graph-dot": line0,
  };
  for (const name of ["ok", "warn", "err", "info"] as const) {
    const ink = legible(asked[name], [...bg, soft[name]], 4.5);
    tokens[name] = ink;
    tokens[`${name}-soft`] = soft[name];
    if (name === "ok" || name === "err") tokens[`on-${name}`] = bestOf([bg[0], sheet, white, black], [ink]);
  }
  const accent = opaque(colors.accent, sheet, primary);
  const bright = (color: Rgb) => mix(color, isDark ? white : black, 0.18);
  const ansi = { red: asked.err, green: asked.ok, yellow: asked.warn, blue: asked.info, magenta: accent };
  /** The wire form names no inks for code and terminals: its own colours take those parts, so that an editor looks like its theme. */
  const asks: Record<string, Rgb> = {
    "syntax-comment": fg3,
    "syntax-keyword": accent,
    "syntax-string": asked.ok,
    "syntax-number": asked.warn,
    "syntax-function": primary,
    "syntax-type": asked.info,
    "syntax-variable": fg0,
    "syntax-property": mix(asked.info, fg0, 0.45),
    "syntax-tag": asked.err,
    "syntax-attribute": asked.warn,
    "syntax-operator": fg2,
    "syntax-punctuation": fg2,
    "term-fg": fg0,
    "term-cyan": mix(asked.info, asked.ok, 0.4),
    "term-bright-cyan": bright(mix(asked.info, asked.ok, 0.4)),
    ...Object.fromEntries(
      Object.entries(ansi).flatMap(([name, color]) => [
        [`term-${name}`, color],
        [`term-bright-${name}`, bright(color)],
      ]),
    ),
    "graph-http": asked.info,
    "graph-database": asked.ok,
    "graph-cache": asked.err,
    "graph-deploy": primary,
    "graph-preview": accent,
  };
  for (const name of Object.keys(defaults)) {
    if (name.startsWith("syntax-")) tokens[name] = legible(asks[name] ?? seed(name), codeGrounds, 4.5);
    else if (name.startsWith("term-") && !(name in tokens)) tokens[name] = legible(asks[name] ?? seed(name), [sheet, bg[3]], 4.5);
    else if (name.startsWith("graph-") && !(name in tokens)) tokens[name] = legible(asks[name] ?? seed(name), [bg[0], bg[1]], 3);
  }

  return {
    ...Object.fromEntries(Object.entries(tokens).map(([name, color]) => [name, toHex(color)])),
    "radius-1": spacing.radiusSmall,
    "radius-2": spacing.radiusMedium,
    "radius-3": spacing.radiusLarge,
    "radius-4": spacing.radiusXl,
    "font-sans": /^["']?Inter\b/.test(typography.fontFamily) ? (defaults["font-sans"] ?? typography.fontFamily) : typography.fontFamily,
    "font-mono": /^["']?JetBrains/.test(typography.fontFamilyMono)
      ? (defaults["font-mono"] ?? typography.fontFamilyMono)
      : typography.fontFamilyMono,
    "dur-1": cappedDuration(animation.durationFast, "80ms"),
    "dur-2": cappedDuration(animation.durationNormal, "140ms"),
    "dur-3": cappedDuration(animation.durationSlow, "200ms"),
    ease: animation.easing,
  };
}

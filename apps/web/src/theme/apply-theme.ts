import type { Theme } from "@tesslate/contract";
import { chooseTheme, isDarkChosen, type AppliedTheme } from "./theme-choice.ts";
import { builtInThemeIds, deriveTokens, type ThemeValues } from "./theme.ts";
import css from "./tokens.css?raw";
import { parseTokens, type Tokens } from "./tokens.ts";

/*
 * Everything that turns a theme of the catalogue into a look. Loaded when a person chooses one: what a page paints with are the finished tokens,
 * kept in the browser (see theme-choice.ts).
 */
const builtIn = parseTokens(css);

/** The look of a theme; for the two that tokens.css itself is, no overrides at all. */
export const tokensOf = (theme: ThemeValues & { id?: string }): Tokens =>
  builtInThemeIds.includes(theme.id ?? "") ? {} : deriveTokens(theme, builtIn[theme.mode]);

/** All tokens of a theme, for a part of the page that shows another theme than the page. */
export const allTokensOf = (theme: ThemeValues & { id?: string }): Tokens => ({ ...builtIn[theme.mode], ...tokensOf(theme) });

const appliedOf = (theme: Theme): AppliedTheme | undefined =>
  builtInThemeIds.includes(theme.id) ? undefined : { id: theme.id, name: theme.name, tokens: tokensOf(theme) };

/** Applies a theme to its mode and shows it: if the other mode is on, switches the mode. */
export function applyTheme(theme: Theme): void {
  const isSeen = isDarkChosen() === (theme.mode === "dark");
  chooseTheme({ [theme.mode]: appliedOf(theme), ...(!isSeen && { mode: theme.mode }) });
}

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseTokens } from "./tokens.ts";

const source = join(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(source, file), "utf8");
const styles = read("styles.css");
const [, theme = ""] = /@theme inline \{(.*?)\n\}/s.exec(styles) ?? [];
/** Everything that may use a token, apart from its definition. */
const sources = globSync("**/*.{ts,tsx,css}", { cwd: source }).filter((file) => !file.includes(".test.") && file !== "theme/tokens.css");
const text = sources.map((file) => (file === "styles.css" ? styles.replace(theme, "") : read(file))).join("\n");

/** What Tailwind makes of a name of the theme: the beginnings of its utilities, by the beginning of the name. */
const utilities: Record<string, string> = {
  color: "(?:bg|text|border(?:-[trblxy])?|fill|stroke|ring|outline|decoration|accent|caret)",
  "font-weight": "font",
  font: "font",
  text: "text",
  leading: "leading",
  tracking: "tracking",
  radius: "rounded(?:-[trblse]{1,2})?",
  shadow: "shadow",
};
const isUtilityUsed = (name: string) => {
  const kind = Object.keys(utilities).find((prefix) => name.startsWith(`${prefix}-`));
  return kind === undefined || new RegExp(`(?<![\\w-])${utilities[kind]}-${name.slice(kind.length + 1)}(?![\\w-])`).test(text);
};
const entries = [...theme.matchAll(/--([\w-]+): ([^;]+);/g)].map(([, name = "", value = ""]) => ({ name, value }));
const isVariableUsed = (name: string) =>
  new RegExp(`--${name}(?![\\w-])`).test(text) ||
  // `--graph-${kind}`
  text.includes(`--${name.slice(0, name.indexOf("-") + 1)}\${`);

test("every name of the theme is used as a utility", () => {
  expect(entries.length).toBeGreaterThan(60);
  expect(entries.map(({ name }) => name).filter((name) => !isUtilityUsed(name))).toEqual([]);
});

test("every token is used, as a variable or by a name of the theme", () => {
  const tokens = Object.keys(parseTokens(read("theme/tokens.css")).light);
  expect(tokens.length).toBeGreaterThan(80);
  const isInTheme = (token: string) => entries.some(({ value }) => value === `var(--${token})`);
  expect(tokens.filter((token) => !isVariableUsed(token) && !isInTheme(token))).toEqual([]);
});

test("lengths on the 1 px grid are written in the steps of the spacing scale: `w-7.5`, not `w-[30px]`", () => {
  const lengths =
    /(?<![\w-])-?(?:[pm][xytrblse]?|gap(?:-[xy])?|size|(?:min-|max-)?[wh]|top|right|bottom|left|inset(?:-[xy])?|leading)-\[-?\d+px\]/g;
  expect(sources.flatMap((file) => (read(file).match(lengths) ?? []).map((found) => `${file}: ${found}`))).toEqual([]);
});

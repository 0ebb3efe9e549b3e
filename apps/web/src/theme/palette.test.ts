import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const source = join(import.meta.dirname, "..");
const stockColours =
  "slate|gray|zinc|neutral|stone|red|orange|amber|yellow|lime|green|emerald|teal|cyan|sky|blue|indigo|violet|purple|fuchsia|pink|rose";
const rawClass = new RegExp(
  `\\b(?:bg|text|border|ring|fill|stroke|outline|from|to|via|shadow|divide|accent|caret|decoration)-(?:(?:${stockColours})-\\d{2,3}|white|black)\\b`,
);
const rawColour = /(?<![&\w])#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})\b|\b(?:rgba?|hsla?|oklch)\(/;
const darkUtility = /\bdark:[a-z[-]/;

/** Colors that people give their apps. */
const ofApps = new Set(["features/preview/editing/tailwind-colors.ts", "features/preview/editing/tailwind-styles.ts"]);
const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
  (name) => /\.(?:tsx?|css)$/.test(name) && !name.startsWith("theme/") && !name.includes(".test.") && !ofApps.has(name),
);

test.each(files)("%s names no colour outside of the tokens", (name) => {
  const text = readFileSync(join(source, name), "utf8");
  for (const pattern of [rawClass, rawColour, darkUtility]) expect(pattern.exec(text)?.[0]).toBeUndefined();
});
test("there is something to check", () => expect(files.length).toBeGreaterThan(50));

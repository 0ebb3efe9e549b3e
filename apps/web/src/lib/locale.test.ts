import { afterEach, expect, test, vi } from "vitest";

/** The formatters as a reader with this language has them. */
async function formattersIn(language: string) {
  vi.stubGlobal("navigator", { language });
  vi.resetModules();
  const [numbers, money, bytes, time] = await Promise.all([
    import("./numbers.ts"),
    import("./money.ts"),
    import("./bytes.ts"),
    import("./time.ts"),
  ]);
  return { ...numbers, ...money, ...bytes, ...time };
}
afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** `Intl` puts several kinds of spaces between numbers and units. */
const plainSpaces = (text: string) => text.replaceAll(/\s/g, " ");

test.each([
  ["en-US", ["1,234", "38%", "$12.34", "1.2 kB", "Mar 14, 2026", "2 min. ago"]],
  ["de-DE", ["1.234", "38 %", "12,34 $", "1,2 kB", "14.03.2026", "2 min. ago"]],
  // What Chrome has without a language.
  ["en-US@posix", ["1,234", "38%", "$12.34", "1.2 kB", "Mar 14, 2026", "2 min. ago"]],
])("in %s, numbers and dates are the reader's, words are English", async (language, texts) => {
  const { formatNumber, formatPercent, formatDollars, formatBytes, formatDate, formatRelativeTime } = await formattersIn(language);
  expect(
    [
      formatNumber(1234),
      formatPercent(0.375),
      formatDollars(1234),
      formatBytes(1234),
      formatDate("2026-03-14T12:00:00Z"),
      formatRelativeTime("2026-03-14T11:58:00Z", Date.parse("2026-03-14T12:00:00Z")),
    ].map(plainSpaces),
  ).toEqual(texts);
});

import { expect, test } from "vitest";
import { plainLine, spansOf } from "./ansi.ts";

test.each<[string, unknown]>([
  ["plain", [{ text: "plain" }]],
  ["\u001b[31mred\u001b[0m not", [{ text: "red", fg: "var(--term-red)" }, { text: " not" }]],
  [
    "\u001b[1;92mok\u001b[22m thin\u001b[39m",
    [
      { text: "ok", isBold: true, fg: "var(--term-bright-green)" },
      { text: " thin", fg: "var(--term-bright-green)" },
    ],
  ],
  [
    "\u001b[38;5;196mx\u001b[38;5;244my\u001b[48;2;1;2;300mz",
    [
      { text: "x", fg: "rgb(255 0 0)" },
      { text: "y", fg: "rgb(128 128 128)" },
      { text: "z", fg: "rgb(128 128 128)", bg: "rgb(1 2 255)" },
    ],
  ],
  ["\u001b[7minverse\u001b[27m", [{ text: "inverse", fg: "var(--term-bg)", bg: "var(--term-fg)" }]],
  ["\u001b[m\u001b[2K\u001b[1Gcleared\u0007\u0000", [{ text: "cleared" }]],
  ["\u001b]8;;http://x\u0007link\u001b]8;;\u0007 \u001b]0;title\u001b\\end", [{ text: "link" }, { text: " " }, { text: "end" }]],
  ["10 %\r50 %\r100 %\r", [{ text: "100 %" }]],
  ["tab\tstays", [{ text: "tab\tstays" }]],
  ["cut \u001b[3", [{ text: "cut " }, { text: "3" }]],
])("%j", (line, spans) => {
  const found = spansOf(line);
  if (line.startsWith("cut")) expect(found.map((s) => s.text).join("")).toMatch(/^cut /);
  else expect(found).toEqual(spans);
});

test("plain lines are what the spans say", () => {
  for (const line of ["\u001b[31mred\u001b[0m not", "a\rb", "\u001b]8;;x\u0007y\u001b]8;;\u0007", "\u001b(Bx"])
    expect(plainLine(line)).toBe(
      spansOf(line)
        .map((span) => span.text)
        .join(""),
    );
});

test("a hostile line takes no time", () => {
  const started = performance.now();
  spansOf("\u001b[".repeat(100_000));
  spansOf(`\u001b]${"x".repeat(200_000)}`);
  plainLine("\u001b[" + ";".repeat(200_000));
  expect(performance.now() - started).toBeLessThan(1000);
});

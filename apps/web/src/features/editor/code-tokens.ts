import type { LanguageSupport } from "@codemirror/language";
import { highlightTree, tagHighlighter } from "@lezer/highlight";
import { inks } from "./inks.ts";
import { languageOf } from "./languages.ts";

/** A colored part of a line. */
export interface CodeToken {
  from: number;
  to: number;
  color: string;
}
/** Longer texts are not highlighted, because it would block the page. */
const maxChars = 60_000;
const highlighter = tagHighlighter(inks.flatMap(({ tag, color }) => (color === undefined ? [] : [{ tag, class: color }])));

/** Syntax colors of consecutive lines of a file, in order, without what is before them. `undefined` for plain text. */
export async function codeTokens(path: string, lines: readonly string[]): Promise<CodeToken[][] | undefined> {
  const language = (await languageOf(path)) as LanguageSupport | undefined;
  if (!language || lines.reduce((sum, line) => sum + line.length + 1, 0) > maxChars) return undefined;
  const found: CodeToken[][] = lines.map(() => []);
  const starts: number[] = [];
  let text = "";
  for (const line of lines) {
    starts.push(text.length);
    text += `${line}\n`;
  }
  let at = 0;
  highlightTree(language.language.parser.parse(text), highlighter, (from, to, color) => {
    while (at + 1 < starts.length && (starts[at + 1] ?? 0) <= from) at++;
    // A token over several lines is cut at their ends.
    for (let index = at; index < lines.length && (starts[index] ?? 0) < to; index++) {
      const start = starts[index] ?? 0;
      const [a, b] = [Math.max(from - start, 0), Math.min(to - start, lines[index]?.length ?? 0)];
      if (b > a) found[index]?.push({ from: a, to: b, color: color.split(" ").at(-1) ?? color });
    }
  });
  return found;
}

import type { LanguageSupport } from "@codemirror/language";
import { highlightTree, tagHighlighter } from "@lezer/highlight";
import { inks, languageOf } from "../editor/index.ts";
import type { HunkLine, MarkedRange } from "./review.ts";

/** A colored part of a line. */
export interface Token {
  from: number;
  to: number;
  color: string;
}
/** Longer texts are not highlighted, because it would block the page. */
const maxChars = 60_000;
const highlighter = tagHighlighter(inks.flatMap(({ tag, color }) => (color === undefined ? [] : [{ tag, class: color }])));

/** Syntax colors of a hunk's lines. Each side is parsed separately, without the lines above the hunk. `undefined` for plain text. */
export async function highlight(path: string, lines: readonly HunkLine[]): Promise<Token[][] | undefined> {
  const language = (await languageOf(path)) as LanguageSupport | undefined;
  if (!language || lines.reduce((sum, line) => sum + line.text.length + 1, 0) > maxChars) return undefined;
  const found: Token[][] = lines.map(() => []);
  const paint = (kinds: readonly HunkLine["kind"][], isWanted: (kind: HunkLine["kind"]) => boolean) => {
    const own = lines.flatMap((line, index) => (kinds.includes(line.kind) ? [{ index, ...line }] : []));
    const starts: number[] = [];
    let text = "";
    for (const line of own) {
      starts.push(text.length);
      text += `${line.text}\n`;
    }
    let at = 0;
    highlightTree(language.language.parser.parse(text), highlighter, (from, to, color) => {
      while (at + 1 < starts.length && (starts[at + 1] ?? 0) <= from) at++;
      // A token over several lines is cut at their ends.
      for (let i = at; i < own.length && (starts[i] ?? 0) < to; i++) {
        const line = own[i];
        const start = starts[i] ?? 0;
        if (!line || !isWanted(line.kind)) continue;
        const [a, b] = [Math.max(from - start, 0), Math.min(to - start, line.text.length)];
        if (b > a) found[line.index]?.push({ from: a, to: b, color: color.split(" ").at(-1) ?? color });
      }
    });
  };
  paint(["same", "add"], () => true);
  paint(["same", "del"], (kind) => kind === "del");
  return found;
}

export interface Piece {
  text: string;
  color: string | undefined;
  isMarked: boolean;
}
/** A line cut where its colour or a mark begins or ends. */
export function piecesOf(text: string, tokens: readonly Token[], marks: readonly MarkedRange[]): Piece[] {
  const cuts = new Set([0, text.length, ...tokens.flatMap(({ from, to }) => [from, to]), ...marks.flat()]);
  const at = [...cuts].filter((cut) => cut <= text.length).sort((a, b) => a - b);
  return at.slice(0, -1).map((from, i) => {
    const to = at[i + 1] ?? text.length;
    return {
      text: text.slice(from, to),
      color: tokens.find((token) => token.from <= from && token.to >= to)?.color,
      isMarked: marks.some(([start, end]) => start <= from && end >= to),
    };
  });
}

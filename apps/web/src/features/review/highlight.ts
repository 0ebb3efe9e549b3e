import { codeTokens, type CodeToken } from "../editor/index.ts";
import type { HunkLine, MarkedRange } from "./review.ts";

export type Token = CodeToken;
/** Longer hunks are not highlighted, because it would block the page. */
const maxChars = 60_000;

/** Syntax colors of a hunk's lines. Each side is parsed separately, without the lines above the hunk. `undefined` for plain text. */
export async function highlight(path: string, lines: readonly HunkLine[]): Promise<Token[][] | undefined> {
  if (lines.reduce((sum, line) => sum + line.text.length + 1, 0) > maxChars) return undefined;
  const found: Token[][] = lines.map(() => []);
  const paint = async (kinds: readonly HunkLine["kind"][], isWanted: (kind: HunkLine["kind"]) => boolean): Promise<boolean> => {
    const own = lines.flatMap((line, index) => (kinds.includes(line.kind) ? [{ index, ...line }] : []));
    const tokens = await codeTokens(
      path,
      own.map(({ text }) => text),
    );
    for (const [at, { index, kind }] of own.entries()) if (isWanted(kind)) found[index] = tokens?.[at] ?? [];
    return tokens !== undefined;
  };
  const isCode = await paint(["same", "add"], () => true);
  if (!isCode) return undefined;
  await paint(["same", "del"], (kind) => kind === "del");
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

/** The part of a reply that people see, without the calls: text and labelled reasoning. */

export interface Piece {
  type: "text" | "thought";
  text: string;
}

/** Characters before a call on its line that are checked. */
const maxLineChars = 2_000;

export interface ShownText {
  /** The next text begins its line, apart from formatting. */
  isLineStart: boolean;
  /** Shows text, and holds back line breaks at its end, so that a hidden call leaves no gap. */
  emit(text: string): void;
  /** Shows text as it is. */
  emitCode(text: string): void;
  addThought(text: string): void;
  /** What follows is text, or reasoning up to the end of its paragraph. */
  begin(section: Piece["type"]): void;
  /** The calls before this point are not shown. */
  endCalls(): void;
  /** Whether a position in `buffer`, which is the text after what was shown, is inside a quotation. */
  isInQuote(buffer: string, at: number): boolean;
  /** What is to be shown since the last call of this. */
  take(): Piece[];
}

export function createShownText(): ShownText {
  let section: Piece["type"] = "text";
  /** Pending line breaks, held back so that a hidden call leaves no gap. */
  let gap = "";
  let hasText = false;
  let isAfterCall = false;
  let isThoughtStart = false;
  /** The end of the text so far, to check what precedes the next call on its line. */
  let line = "";
  let isComment = false;
  const pieces: Piece[] = [];

  const noteLine = (text: string): void => {
    if (text.includes("-") || text.includes(">")) {
      const window = line.slice(-3) + text;
      const [opened, closed] = [window.lastIndexOf("<!--"), window.lastIndexOf("-->")];
      if (opened !== closed) isComment = opened > closed;
    }
    const lineBreak = text.lastIndexOf("\n");
    line = lineBreak === -1 ? line + text : text.slice(lineBreak + 1);
    if (line.length > maxLineChars) line = line.slice(0, maxLineChars / 4) + line.slice(-maxLineChars / 4);
  };

  const shown: ShownText = {
    isLineStart: true,
    emit(text) {
      if (text === "") return;
      noteLine(text);
      shown.isLineStart = /\n[ \t*#>_-]*$/.test(text) || (shown.isLineStart && /^[ \t*#>_-]*$/.test(text));
      if (text.trim() === "") {
        gap += text;
        return;
      }
      let words = gap + text;
      if (isAfterCall) {
        // The text around a hidden call is joined by one break, not two.
        isAfterCall = false;
        const space = /^\s*/.exec(words)![0];
        words = (space.includes("\n") ? "\n\n" : " ") + words.slice(space.length);
      }
      const kept = words.trimEnd();
      gap = words.slice(kept.length);
      const isFirst = section === "text" ? !hasText : isThoughtStart;
      isThoughtStart = false;
      // Labelled reasoning ends with its paragraph.
      if (section === "thought") {
        const end = kept.search(/\n\s*\n/);
        if (end !== -1) {
          pieces.push({ type: "thought", text: isFirst ? kept.slice(0, end).trimStart() : kept.slice(0, end) });
          section = "text";
          gap = "";
          const rest = kept.slice(end).trimStart();
          if (rest !== "") {
            pieces.push({ type: "text", text: rest });
            hasText = true;
          }
          return;
        }
      }
      pieces.push({ type: section, text: isFirst ? kept.trimStart() : kept });
      if (section === "text") hasText = true;
    },
    emitCode(text) {
      if (text === "") return;
      noteLine(text);
      pieces.push({ type: "text", text: gap + text });
      gap = "";
      hasText = true;
    },
    addThought: (text) => void pieces.push({ type: "thought", text }),
    begin(next) {
      if (section === "thought" || next === "thought") gap = "";
      section = next;
      isThoughtStart = next === "thought";
      shown.isLineStart = true;
    },
    endCalls() {
      line = "";
      section = "text";
      isAfterCall = hasText;
      shown.isLineStart = true;
    },
    isInQuote(buffer, at) {
      const lineBreak = at === 0 ? -1 : buffer.lastIndexOf("\n", at - 1);
      const front = (lineBreak === -1 ? line : "") + buffer.slice(lineBreak + 1, at);
      if (/^\s*[>|]/.test(front) || /["'“‘«]$/.test(front)) return true;
      if (front.includes("`") && (front.match(/`+/g) ?? []).filter((ticks) => ticks.length < 3).length % 2 === 1) return true;
      const opened = at === 0 ? -1 : buffer.lastIndexOf("<!--", at - 1);
      const closed = at === 0 ? -1 : buffer.lastIndexOf("-->", at - 1);
      return opened === closed ? isComment : opened > closed;
    },
    take: () => pieces.splice(0).filter((piece) => piece.text !== ""),
  };
  return shown;
}

import { memo, type CSSProperties } from "react";
import { spansOf, type Span } from "../lib/ansi.ts";

/** One line of a program's output, with the terminal's colors. */
export const AnsiLine = memo(({ line }: { line: string }) => spansOf(line).map((span, index) => <Piece key={index} span={span} />));

function Piece({ span: { text, fg, bg, isBold, isDim, isItalic, isUnderlined } }: { span: Span }) {
  if (!fg && !bg && !isBold && !isDim && !isItalic && !isUnderlined) return text;
  const style: CSSProperties = {
    ...(fg && { color: fg }),
    ...(bg && { backgroundColor: bg }),
    ...(isBold && { fontWeight: 600 }),
    ...(isItalic && { fontStyle: "italic" }),
    ...(isUnderlined && { textDecoration: "underline" }),
  };
  return (
    <span style={style} className={isDim && !fg ? "text-(--term-bright-black)" : undefined}>
      {text}
    </span>
  );
}

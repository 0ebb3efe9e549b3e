import { useMemo } from "react";
import { useStickToBottom } from "use-stick-to-bottom";
import { AnsiLine } from "../../../ui/AnsiLine.tsx";
import { scrollable } from "../../../ui/scrollable.ts";
import type { CommandView } from "../chat.types.ts";

/** More lines are not in the page; the oldest are left out. */
const shownLines = 400;

/** What a command has printed, as in a terminal. Follows the end unless the person has scrolled up. */
export function CommandOutput({ command: { command, output, isStartCut, ending } }: { command: CommandView }) {
  const { scrollRef, contentRef } = useStickToBottom({ initial: "instant", resize: "instant" });
  const lines = useMemo(() => output.replace(/\r?\n$/, "").split("\n"), [output]);
  const first = Math.max(0, lines.length - shownLines);
  return (
    <div
      ref={scrollRef}
      {...scrollable}
      role="log"
      aria-label={`Output of ${command}`}
      aria-live="off"
      className="scroll-y max-h-72 rounded-2 bg-term-bg px-2.5 py-1.75 font-mono text-xs leading-code text-term-fg focus-visible:-outline-offset-2"
    >
      <div ref={contentRef}>
        {first > 0 || isStartCut ? <div className="text-(--term-bright-black)">Earlier output is not shown.</div> : null}
        {lines.slice(first).map((line, index) => (
          // Output only grows, so the number of a line identifies it.
          <div key={first + index} className="min-h-[1lh] break-words whitespace-pre-wrap">
            <AnsiLine line={line} />
          </div>
        ))}
        {ending?.isEndCut ? <div className="text-(--term-bright-black)">Later output is not shown.</div> : null}
      </div>
    </div>
  );
}

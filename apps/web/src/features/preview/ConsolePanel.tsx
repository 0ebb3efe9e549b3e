import { useStickToBottom } from "use-stick-to-bottom";
import { cx } from "../../lib/cx.ts";
import { formatLogTime } from "../../lib/time.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import type { ConsoleLine } from "./problems.ts";

const inks: Record<ConsoleLine["level"], string> = {
  log: "text-fg-1",
  info: "text-info",
  warn: "text-warn",
  error: "text-err",
  debug: "text-fg-2",
};

/** The console output of the running app. */
export function ConsolePanel({ lines, onClear }: { lines: readonly ConsoleLine[]; onClear: () => void }) {
  const { scrollRef, contentRef } = useStickToBottom({ initial: "instant", resize: "instant" });
  if (lines.length === 0) return <EmptyState title="No console output yet">Console messages of the running app appear here.</EmptyState>;
  return (
    <div className="relative h-full min-h-0">
      <div
        ref={scrollRef}
        {...scrollable}
        role="log"
        aria-label="App console"
        aria-live="off"
        className="scroll-y h-full py-1 focus-visible:-outline-offset-2"
      >
        <ol ref={contentRef} role="list">
          {lines.map((line) => (
            <li key={line.id} className="flex gap-3 px-3 font-mono text-xs leading-code">
              <time className="num flex-none text-fg-3">{formatLogTime(line.at)}</time>
              <span className={cx("min-w-0 flex-1 break-words whitespace-pre-wrap", inks[line.level])}>
                <span className="sr-only">{line.level}: </span>
                {line.text}
              </span>
              <span className="max-w-3/10 flex-none truncate text-fg-2">{line.place}</span>
            </li>
          ))}
        </ol>
      </div>
      <Button size="sm" className="absolute! top-1.5 right-3" onClick={onClear}>
        Clear
      </Button>
    </div>
  );
}

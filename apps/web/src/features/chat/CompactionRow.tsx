import { ChevronRight } from "lucide-react";
import { memo, useState } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { formatCompact } from "../../lib/numbers.ts";
import { scrollable } from "../../ui/scrollable.ts";
import type { CompactionPart } from "./chat.types.ts";

/** A compaction: what the model gets instead of older messages, and of how many. */
export const CompactionRow = memo(({ part }: { part: CompactionPart }) => {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <div>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
        className="-ml-1.5 flex min-h-(--row) w-[calc(100%+6px)] min-w-0 items-center gap-1.75 rounded-2 px-1.5 text-left text-xs text-fg-2 hover:bg-bg-3 narrow:min-h-9 narrow:text-sm"
      >
        <ChevronRight size={14} className={cx("flex-none text-fg-3", isOpen && "rotate-90")} aria-hidden="true" />
        <span className="min-w-0 break-words">
          <span className="font-medium text-fg-0">
            {`Chat compacted from ${formatCompact(part.tokensBefore)} to ${formatCompact(part.tokensAfter)} tokens.`}
          </span>{" "}
          {`The agent sees a summary of ${counted(part.replaced, "older message")} and ${counted(part.kept, "message")} in full.`}
        </span>
      </button>
      {isOpen ? (
        <p
          {...scrollable}
          aria-label="Summary"
          className="scroll-y max-h-80 py-1.5 text-sm leading-read break-words whitespace-pre-wrap text-fg-2"
        >
          {part.summary}
        </p>
      ) : null}
    </div>
  );
});

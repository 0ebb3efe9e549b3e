import { CircleX, History, Search } from "lucide-react";
import { useState } from "react";
import { formatDuration } from "../../lib/durations.ts";
import { Button } from "../../ui/Button.tsx";
import { Input } from "../../ui/Input.tsx";
import { Popover } from "../../ui/Popover.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import type { HistoryEntry } from "./sql-history.ts";

/** Statements that were run before; choosing one puts it into the editor. */
export function HistoryMenu({
  entries,
  onChoose,
  onClear,
}: {
  entries: readonly HistoryEntry[];
  onChoose: (sql: string) => void;
  onClear: () => void;
}) {
  const [isOpen, setIsOpen] = useState(false);
  const [q, setQ] = useState("");
  const words = q.trim().toLowerCase();
  const found = entries.filter(({ sql }) => sql.toLowerCase().includes(words));
  return (
    <Popover
      label="SQL history"
      align="end"
      isOpen={isOpen}
      onOpenChange={setIsOpen}
      // The editor takes the focus.
      onCloseAutoFocus={(event) => event.preventDefault()}
      className="flex max-h-100 w-100 max-w-floating! flex-col gap-2"
      trigger={
        <Button size="sm" variant="ghost" icon={<History size={14} />} aria-label="History">
          <span className="narrow:hidden">History</span>
        </Button>
      }
    >
      {entries.length === 0 ? (
        <p className="text-xs text-fg-2">No statements yet. Those you run appear here, on this browser only.</p>
      ) : (
        <>
          <div className="flex flex-none gap-2">
            <Input
              size="sm"
              isSoft
              type="search"
              aria-label="Search history"
              placeholder="Search history"
              value={q}
              onChange={(event) => setQ(event.target.value)}
              leading={<Search size={14} className="flex-none text-fg-2" />}
            />
            <Button variant="ghost" onClick={onClear}>
              Clear history
            </Button>
          </div>
          {found.length === 0 ? (
            <p className="text-xs text-fg-2">{`No results for “${q.trim()}”`}</p>
          ) : (
            <ul aria-label="Statements" className="scroll-y min-h-0">
              {found.map((entry) => (
                <li key={`${entry.at}:${entry.sql.length}`}>
                  <button
                    type="button"
                    onClick={() => {
                      setIsOpen(false);
                      onChoose(entry.sql);
                    }}
                    className="block w-full rounded-1 px-2 py-1.5 text-left hover:bg-bg-2 focus-visible:-outline-offset-2"
                  >
                    <span className="line-clamp-3 font-mono text-xs wrap-anywhere whitespace-pre-wrap text-fg-0">{entry.sql}</span>
                    <span className="num flex items-center gap-2 pt-0.5 text-2xs text-fg-2">
                      <RelativeTime at={new Date(entry.at).toISOString()} />
                      {entry.duration_ms === null ? null : formatDuration(entry.duration_ms)}
                      {entry.isFailed ? (
                        <span className="inline-flex items-center gap-1 text-err">
                          <CircleX size={11} />
                          Failed
                        </span>
                      ) : null}
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </Popover>
  );
}

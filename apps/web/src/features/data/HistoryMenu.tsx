import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleX, History, Search } from "lucide-react";
import { useState } from "react";
import { formatDuration } from "../../lib/durations.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { Input } from "../../ui/Input.tsx";
import { Popover } from "../../ui/Popover.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toastError } from "../../ui/toast.tsx";
import { useDatabase } from "./data-context.ts";
import { historyQuery } from "./data.queries.ts";
import { DataError } from "./DataError.tsx";

/** Statements that were run before in this database; choosing one puts it into the editor. */
export function HistoryMenu({ onChoose }: { onChoose: (sql: string) => void }) {
  const [isOpen, setIsOpen] = useState(false);
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
      <HistoryList
        onChoose={(sql) => {
          setIsOpen(false);
          onChoose(sql);
        }}
      />
    </Popover>
  );
}

function HistoryList({ onChoose }: { onChoose: (sql: string) => void }) {
  const { api } = useServices();
  const queries = useQueryClient();
  const { params } = useDatabase();
  const query = historyQuery(api, params.id);
  const history = useQuery(query);
  const [q, setQ] = useState("");
  const clear = useMutation({
    mutationFn: () => api.databases.clearHistory({ params: { id: params.id } }),
    onSuccess: () => queries.setQueryData(query.queryKey, []),
    onError: (error) => toastError(error, { before: "Couldn't clear the history." }),
  });
  if (history.isPending) return <SkeletonRows count={4} label="Loading history…" />;
  if (!history.data) return <DataError title="Couldn't load the history" of={history} className="p-0!" />;
  const entries = history.data.filter((entry) => entry.database_id === params.database_id);
  if (entries.length === 0) return <p className="text-xs text-fg-2">No statements yet. Those you run appear here. Only you see them.</p>;
  const words = q.trim().toLowerCase();
  const found = entries.filter(({ sql }) => sql.toLowerCase().includes(words));
  return (
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
        <Button variant="ghost" isLoading={clear.isPending} loadingWord="Clearing…" onClick={() => clear.mutate()}>
          Clear history
        </Button>
      </div>
      {found.length === 0 ? (
        <p className="text-xs text-fg-2">{`No results for “${q.trim()}”`}</p>
      ) : (
        <ul aria-label="Statements" className="scroll-y min-h-0">
          {found.map((entry) => (
            <li key={entry.id}>
              <button
                type="button"
                title={entry.error ?? undefined}
                onClick={() => onChoose(entry.sql)}
                className="block w-full rounded-1 px-2 py-1.5 text-left hover:bg-bg-2 focus-visible:-outline-offset-2"
              >
                <span className="line-clamp-3 font-mono text-xs wrap-anywhere whitespace-pre-wrap text-fg-0">{entry.sql}</span>
                <span className="num flex items-center gap-2 pt-0.5 text-2xs text-fg-2">
                  <RelativeTime at={entry.created_at} />
                  {formatDuration(entry.duration_ms)}
                  {entry.error === null ? null : (
                    <span className="inline-flex items-center gap-1 text-err">
                      <CircleX size={11} />
                      Failed
                    </span>
                  )}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

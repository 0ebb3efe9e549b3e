import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowLeft, ArrowRight, Download, Trash2, Undo2 } from "lucide-react";
import { counted } from "../../lib/counted.ts";
import { formatDateTime, formatTime } from "../../lib/time.ts";
import { useQuietProject } from "../../project/project-context.ts";
import { isFileChange } from "../../project/project-events.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Select } from "../../ui/Select.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { FileChanges, Lines, diffKey } from "../changes/index.ts";
import { DatabaseChanges } from "./DatabaseChanges.tsx";
import { Letter } from "./EntryRow.tsx";
import { diffQuery } from "./timeline.queries.ts";
import { contentsOf, type Entry } from "./timeline.ts";
import type { TimelineActions } from "./use-timeline.ts";

/** Compares two points of the timeline, and restores the first. */
export function ComparePanel({
  projectId,
  from,
  to,
  entries,
  actions,
  onAgainst,
  onRestore,
  onClose,
  isBusy,
}: {
  projectId: string;
  from: Entry;
  /** `undefined` is the current state. */
  to: Entry | undefined;
  entries: readonly Entry[];
  actions: TimelineActions;
  onAgainst: (id: string) => void;
  onRestore: (entry: Entry) => void;
  onClose: () => void;
  isBusy: boolean;
}) {
  const { snapshot } = from;
  return (
    <aside aria-label="Comparison" className="flex min-h-0 min-w-0 flex-col border-l border-line-0 narrow:border-l-0">
      <div className="grid grid-cols-[minmax(0,1fr)_auto_minmax(0,1fr)] items-stretch gap-2 px-4 pt-3.5 pb-3 narrow:px-3">
        <div className="min-w-0 rounded-3 border border-line-0 px-2.75 py-2.25">
          <span className="flex items-center gap-1.75 font-semibold text-fg-0">
            <Letter of="A" />
            <span className="sr-only">From: </span>
            <span className="min-w-0 truncate">{from.pointTitle}</span>
          </span>
          <span className="mt-0.5 block truncate text-2xs text-fg-2">
            {formatDateTime(from.at)}
            {snapshot?.status === "ready" ? `, ${contentsOf(snapshot)}` : ""}
          </span>
        </div>
        <ArrowRight size={14} className="self-center text-fg-2" aria-hidden="true" />
        <div className="min-w-0 rounded-3 border border-line-0 px-2.75 py-2.25">
          <span className="flex items-center gap-1.75">
            <Letter of="B" />
            <Select
              label="Compare with"
              size="sm"
              value={to?.id ?? "now"}
              onChange={onAgainst}
              options={[
                { value: "now", label: "Now" },
                ...entries
                  .filter((entry) => entry.isReady && entry.id !== from.id)
                  .toReversed()
                  .map((entry) => ({ value: entry.id, label: entry.pointTitle, hint: `${formatDateTime(entry.at)}` })),
              ]}
            />
          </span>
          <span className="mt-0.5 block truncate text-2xs text-fg-2">{to ? formatDateTime(to.at) : "Current state"}</span>
        </div>
      </div>
      <div className="scroll-y min-h-0 flex-1 border-t border-line-0">
        {from.isReady ? <Changes projectId={projectId} from={from} to={to} /> : <NotReady entry={from} />}
        {/* Checkpoints have files only. */}
        {snapshot?.status === "ready" && snapshot.databases.length > 0 && (!to || to.snapshot?.status === "ready") ? (
          <DatabaseChanges key={`${from.id} ${to?.id}`} projectId={projectId} snapshotId={snapshot.id} against={to?.snapshot?.id} />
        ) : null}
      </div>
      <div className="flex flex-wrap items-center gap-2 border-t border-line-0 px-4 py-2.5 narrow:gap-1 narrow:px-3">
        <span className="hidden narrow:block">
          <IconButton label="Back to timeline" onClick={onClose}>
            <ArrowLeft size={14} />
          </IconButton>
        </span>
        <Button icon={<Undo2 size={14} />} disabled={!from.isReady || isBusy} onClick={() => onRestore(from)}>
          Restore A…
        </Button>
        <span className="flex-1" />
        {snapshot?.status === "ready" ? (
          <Button variant="ghost" asChild>
            <a href={actions.downloadUrl(from)} download>
              <Download size={14} />
              <span className="narrow:sr-only">Download</span>
            </a>
          </Button>
        ) : null}
        {snapshot ? (
          <IconButton label={`Delete ${from.title}`} onClick={() => actions.remove(from)}>
            <Trash2 size={14} />
          </IconButton>
        ) : null}
      </div>
    </aside>
  );
}

const NotReady = ({ entry }: { entry: Entry }) => (
  <p className="p-4 text-sm leading-read text-fg-2">
    {entry.isPending ? "This snapshot is still being saved." : (entry.snapshot?.error ?? "Couldn't save this snapshot.")}
  </p>
);

/** Files are compared again after this time without file events. */
const quietMs = 500;

function Changes({ projectId, from, to }: { projectId: string; from: Entry; to: Entry | undefined }) {
  const { api } = useServices();
  const queries = useQueryClient();
  const against = to?.id ?? "now";
  useQuietProject(
    (event) => against === "now" && (isFileChange(event) || (event.type === "task_update" && event.data.type === "snapshot_restore")),
    quietMs,
    () => void queries.invalidateQueries({ queryKey: diffKey(projectId, from.id, "now") }),
  );
  const query = useQuery(diffQuery(api, projectId, from, against));
  const diff = query.data;
  if (query.error && !query.isFetching) return <LoadFailed title="Couldn't load comparison" of={query} />;
  if (!diff)
    return (
      <div role="status" aria-label="Loading comparison…" className="grid gap-2 p-4">
        <Skeleton className="h-9 w-40" />
        <Skeleton className="h-6" />
        <Skeleton className="h-6" />
        <Skeleton className="h-6 w-2/3" />
      </div>
    );
  return (
    <div aria-busy={query.isPlaceholderData}>
      <p className="flex items-baseline gap-2 px-4 pt-3 pb-2 text-sm narrow:px-3" role="status">
        {diff.total === 0 ? (
          <span className="text-fg-2">
            {to ? `No files changed between ${formatTime(from.at)} and ${formatTime(to.at)}.` : "No files changed since then."}
          </span>
        ) : (
          <>
            <b className="num text-md font-semibold text-fg-0">{counted(diff.total, "file")}</b>
            <Lines additions={diff.additions} deletions={diff.deletions} />
          </>
        )}
      </p>
      <div className="px-2 pb-3">
        <FileChanges projectId={projectId} from={from} to={against} diff={diff} />
      </div>
    </div>
  );
}

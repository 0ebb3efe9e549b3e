import { Save } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Bar } from "../../ui/Panel.tsx";
import { Select } from "../../ui/Select.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { Spinner } from "../../ui/Spinner.tsx";
import { Thread, ThreadItem } from "../../ui/thread/index.ts";
import { cx } from "../../lib/cx.ts";
import { formatPercent } from "../../lib/numbers.ts";
import { useDeploys } from "../deployments/index.ts";
import { ComparePanel } from "./ComparePanel.tsx";
import { CopyLine } from "./CopyLine.tsx";
import { EntryRow, HappeningRow } from "./EntryRow.tsx";
import { RestoreDialog } from "./RestoreDialog.tsx";
import { SaveSnapshotDialog } from "./SaveSnapshotDialog.tsx";
import { firstHiddenRuns, groupByDay, isPoint, type Entry, type Happening, type PointFilter } from "./timeline.ts";
import { useHistory } from "./use-history.ts";
import { useRestores } from "./use-restores.ts";
import { useTimeline } from "./use-timeline.ts";
import { useProject } from "../../project/project-context.ts";
import { useWorkbenchActions } from "../../project/workbench-actions.ts";

/** The project's history: runs, snapshots and checkpoints, which can be compared and restored, with commits and deployments. */
export function TimelinePane() {
  const project = useProject();
  const { show } = useWorkbenchActions();
  const { hidden, actions } = useTimeline(project.id);
  const { restore, redo, running, failed } = useRestores(project.id);
  const [filter, setFilter] = useState<PointFilter>("all");
  const [chosen, setChosen] = useState<{ from: string; to: string }>();
  const [isSaving, setIsSaving] = useState(false);
  const [wanted, setWanted] = useState<Entry>();
  /** Restores whose parts are shown. */
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(new Set());
  const [dismissed, setDismissed] = useState<string>();

  const { points: query, isKnown, entries: all, history, hasAny, runs } = useHistory(filter, hidden);
  const deploys = useDeploys();
  const redoable = firstHiddenRuns(runs);
  const from = all.find((entry) => entry.id === chosen?.from);
  const to = all.find((entry) => entry.id === chosen?.to);
  const letterOf = (id: string) => (from?.id === id ? ("A" as const) : from && to?.id === id ? ("B" as const) : undefined);
  const save = (
    <Button icon={<Save size={14} />} onClick={() => setIsSaving(true)} disabled={running !== undefined}>
      Save snapshot
    </Button>
  );

  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <Bar label="Timeline" className="justify-between gap-x-3 px-3 narrow:h-auto narrow:flex-wrap narrow:pt-0.5">
        <Select
          label="Filter"
          size="sm"
          className="w-36!"
          value={filter}
          onChange={(next) => setFilter(next as PointFilter)}
          options={[
            { value: "all", label: "All" },
            { value: "runs", label: "Runs" },
            { value: "snapshots", label: "Snapshots" },
            { value: "checkpoints", label: "Checkpoints" },
            { value: "restores", label: "Restores" },
            { value: "commits", label: "Commits" },
            { value: "deploys", label: "Deployments" },
          ]}
        />
        {query.data?.copies ? <CopyLine copies={query.data.copies} /> : null}
        {save}
      </Bar>
      {running ? (
        <div role="status" className="flex items-center gap-2.5 border-y border-line-0 bg-bg-2 px-4 py-2 text-sm text-fg-0">
          <Spinner
            word={typeof running.metadata["label"] === "string" ? `Restoring ${running.metadata["label"]}…` : "Restoring…"}
            isQuiet
          />
          <span className="min-w-0 flex-1 truncate text-right text-xs text-fg-2">
            {running.progress.message} <span className="num">{formatPercent(running.progress.percentage / 100)}</span>
          </span>
        </div>
      ) : null}
      {failed && failed.id !== dismissed ? (
        <Banner
          tone="err"
          className="mx-3 mb-2"
          action={
            <Button size="sm" variant="ghost" onClick={() => setDismissed(failed.id)}>
              Dismiss
            </Button>
          }
        >
          Restore failed. {failed.error}
        </Banner>
      ) : null}
      <div className={cx("grid min-h-0 flex-1", from ? "grid-cols-[minmax(0,1fr)_minmax(360px,520px)] narrow:grid-cols-1" : "grid-cols-1")}>
        <section
          aria-label="History, oldest first"
          className={cx("scroll-y min-h-0 min-w-0 px-5 pb-6 narrow:px-2", from && "narrow:hidden")}
        >
          <History
            query={query}
            entries={history}
            isKnown={isKnown}
            hasAny={hasAny}
            save={save}
            onClearFilters={() => setFilter("all")}
            letterOf={letterOf}
            onHappening={({ kind, id }) => (kind === "deploy" ? deploys.show(id) : show("git"))}
            isBusy={running !== undefined}
            onChoose={(entry, isAgainst) =>
              setChosen((now) =>
                now && isAgainst && entry.isReady
                  ? { from: now.from, to: now.from === entry.id ? "now" : entry.id }
                  : now?.from === entry.id
                    ? undefined
                    : { from: entry.id, to: "now" },
              )
            }
            expanded={expanded}
            onExpand={(id) => setExpanded((now) => (now.has(id) ? new Set([...now].filter((one) => one !== id)) : new Set([...now, id])))}
            onRestore={setWanted}
            onRedo={({ run }) => (run && redoable.has(run.task_id) ? () => redo(run.chat_id) : undefined)}
          />
        </section>
        {from ? (
          <ComparePanel
            key={from.id}
            projectId={project.id}
            from={from}
            to={to}
            entries={all}
            actions={actions}
            isBusy={running !== undefined}
            onAgainst={(id) => setChosen({ from: from.id, to: id })}
            onRestore={setWanted}
            onClose={() => setChosen(undefined)}
          />
        ) : null}
      </div>
      <SaveSnapshotDialog
        isOpen={isSaving}
        onOpenChange={setIsSaving}
        onSave={actions.save}
        isFull={
          query.data !== undefined && query.data.snapshots.filter((one) => one.snapshot_type === "manual").length >= query.data.maxSnapshots
        }
      />
      <RestoreDialog entry={wanted} onClose={() => setWanted(undefined)} onRestore={restore} />
    </div>
  );
}

function History({
  query,
  entries,
  isKnown,
  hasAny,
  isBusy,
  save,
  onClearFilters,
  letterOf,
  onHappening,
  expanded,
  onExpand,
  onChoose,
  onRestore,
  onRedo,
}: {
  query: ReturnType<typeof useHistory>["points"];
  entries: readonly (Entry | Happening)[];
  isKnown: boolean;
  hasAny: boolean;
  isBusy: boolean;
  save: ReactNode;
  onClearFilters: () => void;
  letterOf: (id: string) => "A" | "B" | undefined;
  onHappening: (happening: Happening) => void;
  expanded: ReadonlySet<string>;
  onExpand: (id: string) => void;
  onChoose: (entry: Entry, isAgainst: boolean) => void;
  onRestore: (entry: Entry) => void;
  onRedo: (entry: Entry) => (() => void) | undefined;
}) {
  if (query.error && !query.data) return <LoadFailed title="Couldn't load timeline" of={query} />;
  if (!isKnown)
    return (
      <div role="status" aria-label="Loading timeline…" className="grid gap-3 pt-4 pl-9">
        <Skeleton className="h-4 w-24" />
        {["w-4/5", "w-3/5", "w-3/4", "w-1/2"].map((width) => (
          <Skeleton key={width} className={cx("h-6", width)} />
        ))}
      </div>
    );
  if (!hasAny)
    return (
      <EmptyState title="No history yet" action={save}>
        Files are saved automatically before each agent run and kept for a limited time. Save a snapshot to keep files and databases until
        you delete it.
      </EmptyState>
    );
  if (entries.length === 0) return <EmptyState title="No results" action={<Button onClick={onClearFilters}>Clear filters</Button>} />;
  const row = (entry: Entry | Happening, isPart = false) =>
    isPoint(entry) ? (
      <EntryRow
        key={entry.id}
        entry={entry}
        letter={letterOf(entry.id)}
        isBusy={isBusy}
        isPart={isPart}
        isExpanded={expanded.has(entry.id)}
        onExpand={() => onExpand(entry.id)}
        onChoose={(isAgainst) => onChoose(entry, isAgainst)}
        onRestore={() => onRestore(entry)}
        onRedo={onRedo(entry)}
      />
    ) : (
      <HappeningRow key={entry.id} happening={entry} isPart={isPart} onChoose={() => onHappening(entry)} />
    );
  return (
    <Thread label="Timeline" className="pt-2 pl-2 narrow:pl-0">
      {groupByDay(entries).flatMap((day, index) => [
        <ThreadItem key={day.label} {...(index === 0 && { edge: "start" as const, beadYPx: 24 })}>
          <h3 className="pt-2.5 pb-1.5 pl-2.5 text-xs font-medium text-fg-2">{day.label}</h3>
        </ThreadItem>,
        ...day.entries.flatMap((entry) => [
          row(entry),
          ...(isPoint(entry) && expanded.has(entry.id) ? (entry.parts ?? []).map((part) => row(part, true)) : []),
        ]),
      ])}
      <ThreadItem bead="next" line="next" edge="end" beadYPx={18}>
        <p className="flex min-h-9 items-center px-2.5 text-sm text-fg-2">Now</p>
      </ThreadItem>
    </Thread>
  );
}

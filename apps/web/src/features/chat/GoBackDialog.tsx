import { useQuery } from "@tanstack/react-query";
import type { Snapshot } from "@tesslate/contract";
import { useState } from "react";
import { counted } from "../../lib/counted.ts";
import { useContainers } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { changeSetQuery } from "../changes/index.ts";
import { changedTables, DatabasesSwitch, databasesBefore, diffQuery, pointsQuery, tableDifferencesQuery } from "../timeline/index.ts";
import { useConversation } from "./conversation.ts";
import type { GoBackOptions, GoBackTarget } from "./run-actions.ts";
import { sinceRun } from "./since-run.ts";

const shownFiles = 6;
const shownCommands = 4;
const shownCreated = 5;
/** What happens to running apps and to databases. */
function databaseSentence({
  source,
  withDatabases,
  changesDatabases,
  changed,
  hasDatabase,
}: {
  source: Snapshot | undefined;
  withDatabases: boolean;
  changesDatabases: boolean;
  /** What is different since the run, if that is known. */
  changed: ReturnType<typeof changedTables>;
  /** A PostgreSQL of the project: snapshots have its rows. */
  hasDatabase: boolean;
}): string {
  if (source && withDatabases) return "Running apps restart.";
  const isUnsaved = hasDatabase && !source;
  const isChanged = changesDatabases || (changed !== undefined && (changed.created.length > 0 || changed.hasOthers));
  if (!isChanged)
    return isUnsaved
      ? "Running apps restart. Databases aren't affected: no earlier snapshot has their rows."
      : "Running apps restart. Databases aren't affected.";
  if (changed) {
    const more = changed.created.length - shownCreated;
    const created = `${changed.created.slice(0, shownCreated).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
    return [
      "Running apps restart. Databases aren't restored.",
      ...(changed.created.length > 0 ? [`Tables that stay: ${created}.`] : []),
      ...(changed.hasOthers || changed.created.length === 0 ? ["Columns and rows that were changed since then stay."] : []),
    ].join(" ");
  }
  return isUnsaved
    ? "Running apps restart. Databases aren't restored: no earlier snapshot has their rows. Tables, columns and rows that were created or changed since then stay."
    : "Running apps restart. Databases aren't restored. Tables, columns and rows that were created or changed since then stay.";
}

/**
 * Confirms an undo or a restore: lists the files that change, the messages that are hidden and the commands that cannot be undone, and offers the databases
 * of the latest snapshot before.
 */
export function GoBackDialog({
  projectId,
  target,
  onClose,
  onGoBack,
}: {
  projectId: string;
  target: GoBackTarget;
  onClose: () => void;
  onGoBack: (target: GoBackTarget, options: GoBackOptions) => Promise<void>;
}) {
  const { api } = useServices();
  const taskId = target.taskId;
  const set = useQuery(changeSetQuery(api, taskId));
  const beforeId = set.data?.before_id;
  const diff = useQuery({
    ...diffQuery(api, projectId, { id: beforeId ?? "", kind: "checkpoint" }, "now"),
    enabled: beforeId !== undefined,
  });
  // A branch has no snapshots of the project's databases.
  const isInProject = set.data?.project_id === projectId;
  const points = useQuery({ ...pointsQuery(api, projectId), enabled: isInProject });
  const checkpoint = points.data?.checkpoints.find(({ id }) => id === beforeId);
  const source =
    set.data && isInProject
      ? databasesBefore({ id: set.data.before_id, at: checkpoint?.created_at ?? set.data.started_at }, points.data?.snapshots ?? [])
      : undefined;
  // Older snapshots would also have what was changed before the run.
  const isOfRun = source !== undefined && source.snapshot_type === "run" && source.checkpoint_id === beforeId;
  const tables = useQuery({ ...tableDifferencesQuery(api, projectId, source?.id ?? ""), enabled: isOfRun });
  const changed = isOfRun ? changedTables(tables.data) : undefined;
  const [withDatabases, setWithDatabases] = useState(false);
  const hasDatabase = useContainers().some(({ service_slug }) => service_slug === "postgres");
  const state = useConversation(({ chat }) => chat.state);
  const { commands, messages, changesDatabases } = sinceRun(state, taskId);
  // What they changed in databases that are restored is undone.
  const lasting = commands.filter(({ effects }) => !(withDatabases && source) || effects.has("outside"));
  const files = beforeId === undefined ? undefined : diff.data;
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={target.label === undefined ? "Undo this run?" : `Restore to ${target.label}?`}
      confirmLabel={target.label === undefined ? "Undo run" : "Restore"}
      loadingWord={target.label === undefined ? "Undoing…" : "Restoring…"}
      onConfirm={() =>
        onGoBack(
          target,
          withDatabases && source
            ? { databasesFrom: source.id }
            : { ...((changesDatabases || (changed?.created.length ?? 0) > 0) && { keepsDatabaseChanges: true }) },
        )
      }
    >
      <div className="grid gap-3 text-sm leading-read text-fg-1">
        {files ? (
          files.total === 0 ? (
            <p>No files have changed since then.</p>
          ) : (
            <div>
              <p>This undoes all changes to {counted(files.total, "file")} since then, also your own:</p>
              <ul className="mt-1 grid gap-px font-mono text-xs text-fg-0">
                {files.files.slice(0, shownFiles).map((file) => (
                  <li key={file.path} className="truncate">
                    {file.path}
                  </li>
                ))}
                {files.total > shownFiles ? <li className="font-sans text-fg-2">and {files.total - shownFiles} more</li> : null}
              </ul>
            </div>
          )
        ) : set.error || diff.error ? (
          <p>This restores the files to that point.</p>
        ) : (
          <Skeleton className="h-10" />
        )}
        {messages > 0 ? <p>This hides {counted(messages, "message")}. You can redo this until you send a new message.</p> : null}
        {isOfRun && tables.isPending && !withDatabases ? (
          <Skeleton className="h-5" />
        ) : (
          <p className="wrap-anywhere">
            {databaseSentence({ source, withDatabases, changesDatabases, changed, hasDatabase: hasDatabase && isInProject })}
          </p>
        )}
        {source ? <DatabasesSwitch projectId={projectId} source={source} isOn={withDatabases} onChange={setWithDatabases} /> : null}
        {lasting.length > 0 ? (
          <div>
            <p>These commands can have changed more than the project's files. That can't be undone:</p>
            <ul aria-label="Commands" className="mt-1 grid gap-px font-mono text-xs text-fg-0">
              {lasting.slice(0, shownCommands).map(({ command }) => (
                <li key={command} className="truncate">
                  {command}
                </li>
              ))}
              {lasting.length > shownCommands ? <li className="font-sans text-fg-2">and {lasting.length - shownCommands} more</li> : null}
            </ul>
          </div>
        ) : null}
      </div>
    </ConfirmDialog>
  );
}

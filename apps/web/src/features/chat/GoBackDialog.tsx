import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { counted } from "../../lib/counted.ts";
import { useContainers } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { changeSetQuery } from "../changes/index.ts";
import { DatabasesSwitch, databasesBefore, diffQuery, pointsQuery } from "../timeline/index.ts";
import type { ChatState } from "./chat.types.ts";
import { useConversation } from "./conversation.ts";
import type { GoBackOptions, GoBackTarget } from "./run-actions.ts";
import { currentToolName } from "./tools/tool-names.ts";

const shownFiles = 6;
const shownCommands = 4;
const commandTools = new Set(["run_command", "command_output"]);

/** The commands of a run and of later runs, and the number of messages from the run's question on. */
export function sinceRun(state: ChatState, taskId: string): { commands: string[]; messages: number } {
  const at = state.turns.findIndex((turn) => turn.kind === "run" && turn.taskId === taskId);
  const first = state.turns.slice(0, at).findLastIndex((turn) => turn.kind === "user");
  const turns = at < 0 ? [] : state.turns.slice(first < 0 ? at : first);
  const commands = turns.flatMap((turn) =>
    turn.kind === "user"
      ? []
      : (state.runs[turn.taskId]?.parts ?? []).flatMap((part) => {
          const command =
            part.kind === "tool" && part.status !== "refused" && commandTools.has(currentToolName(part.name))
              ? (part.parameters["command"] ?? part.parameters["input"])
              : undefined;
          return typeof command === "string" ? [command] : [];
        }),
  );
  return { commands: [...new Set(commands)], messages: turns.length };
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
  const [withDatabases, setWithDatabases] = useState(false);
  const hasDatabase = useContainers().some(({ service_slug }) => service_slug === "postgres");
  const state = useConversation(({ chat }) => chat.state);
  const { commands, messages } = sinceRun(state, taskId);
  const files = beforeId === undefined ? undefined : diff.data;
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={target.label === undefined ? "Undo this run?" : `Restore to ${target.label}?`}
      confirmLabel={target.label === undefined ? "Undo run" : "Restore"}
      loadingWord={target.label === undefined ? "Undoing…" : "Restoring…"}
      onConfirm={() => onGoBack(target, withDatabases && source ? { databasesFrom: source.id } : {})}
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
        <p>
          {source && withDatabases
            ? "Running apps restart."
            : source || !hasDatabase || !isInProject
              ? "Running apps restart. Databases aren't affected."
              : "Running apps restart. Databases aren't affected: no earlier snapshot has their rows."}
        </p>
        {source ? <DatabasesSwitch source={source} isOn={withDatabases} onChange={setWithDatabases} /> : null}
        {commands.length > 0 ? (
          <div>
            <p>Changes that commands made outside the project's files can't be undone:</p>
            <ul className="mt-1 grid gap-px font-mono text-xs text-fg-0">
              {commands.slice(0, shownCommands).map((command) => (
                <li key={command} className="truncate">
                  {command}
                </li>
              ))}
              {commands.length > shownCommands ? <li className="font-sans text-fg-2">and {commands.length - shownCommands} more</li> : null}
            </ul>
          </div>
        ) : null}
      </div>
    </ConfirmDialog>
  );
}

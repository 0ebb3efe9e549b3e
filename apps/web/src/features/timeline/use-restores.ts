import type { Task } from "@tesslate/contract";
import { useLayoutEffect, useRef } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { useProjectEvent, useTasks } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { toast, toastError } from "../../ui/toast.tsx";
import { restoreTarget, type Entry } from "./timeline.ts";

export interface RestoreOptions {
  /** Saves the current state as a snapshot first, which Redo restores. */
  keepsNow: boolean;
  /** Hides the messages that were sent since then. */
  hidesMessages: boolean;
  /** For a checkpoint: the snapshot whose databases are restored. */
  databasesFrom?: string;
}
export type Restore = (entry: Entry, options: RestoreOptions) => Promise<void>;

const isEnded = ({ status }: Task) => status === "completed" || status === "failed" || status === "cancelled";

/** Restores a point, and redoes a restore. A toast says when one that was started here has ended. */
export function useRestores(projectId: string) {
  const { api } = useServices();
  const tasks = useTasks();
  /** What is said about each restore that was started here. */
  const started = useRef(new Map<string, { done: string; canRedo: boolean }>());
  /** Restores that ended before the request was answered. */
  const early = useRef(new Map<string, Task>());
  /** Redoes a restore by its snapshot; defined below. */
  const redoLater = useRef<(snapshotId: string) => void>(() => undefined);
  const restores = tasks.filter((task) => task.type === "snapshot_restore");
  const running = restores.find((task) => task.status === "queued" || task.status === "running");

  const ended = useHandler((task: Task) => {
    const about = started.current.get(task.id);
    if (!about) return void early.current.set(task.id, task);
    started.current.delete(task.id);
    early.current.clear();
    if (task.status !== "completed") return toast(task.error ?? "The restore was canceled.", { kind: "failed" });
    const safety = (task.result as { safety_snapshot_id?: string | null } | null)?.safety_snapshot_id;
    toast(about.done, about.canRedo && safety ? { action: { label: "Redo", onSelect: () => redoLater.current(safety) } } : {});
  });
  useProjectEvent("task_update", (task) => {
    if (task.type === "snapshot_restore" && isEnded(task)) ended(task);
  });
  const follow = (taskId: string, about: { done: string; canRedo: boolean }) => {
    started.current.set(taskId, about);
    const task = early.current.get(taskId);
    if (task) ended(task);
  };

  const restore: Restore = useHandler(async (entry, { keepsNow, hidesMessages, databasesFrom }) => {
    const body = { safety_snapshot: keepsNow, with_messages: keepsNow && hidesMessages };
    const { task_id } =
      entry.kind === "snapshot"
        ? await api.snapshots.restore({ params: { id: projectId, snapshot_id: entry.id }, body })
        : await api.snapshots.checkpointRestore({
            params: { id: projectId, checkpoint_id: entry.id },
            body: { ...body, ...(databasesFrom !== undefined && { databases_from: databasesFrom }) },
          });
    follow(task_id, {
      done: `Restored to ${entry.checkpoint?.kind === "turn" ? restoreTarget(entry) : `“${entry.title}”`}.`,
      canRedo: keepsNow,
    });
  });
  const redone = { done: "Files and messages restored.", canRedo: false };
  /** Brings back the messages that the last restore of a chat hides, with the files and databases of that time. */
  const redo = useHandler((chatId: string) => {
    api.chat
      .redo({ params: { chat_id: chatId } })
      .then(({ task_id }) => follow(task_id, redone))
      .catch((error: unknown) => toastError(error));
  });
  /** A restore that hid no message is redone by its snapshot alone. */
  const redoFrom = async (snapshotId: string) => {
    try {
      const runs = await api.changes.list({ params: { id: projectId }, query: { limit: 200 } });
      const hidden = runs.items.find(({ visibility }) => visibility === "hidden");
      if (hidden) return redo(hidden.chat_id);
      const params = { id: projectId, snapshot_id: snapshotId };
      const { task_id } = await api.snapshots.restore({ params, body: { safety_snapshot: false } });
      follow(task_id, redone);
    } catch (error) {
      toastError(error);
    }
  };
  useLayoutEffect(() => {
    redoLater.current = (snapshotId) => void redoFrom(snapshotId);
  });
  const failed: Task | undefined = running ? undefined : restores[0]?.status === "failed" ? restores[0] : undefined;
  return { restore, redo, running, failed };
}

import { useQueryClient } from "@tanstack/react-query";
import type { Task } from "@tesslate/contract";
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { useContainers, useProject, useTasks, useProjectEvent } from "../../project/project-context.ts";
import { chatSessionsQuery } from "../../project/project.queries.ts";
import { useServices } from "../../project/services.ts";
import { useWorkbenchActions } from "../../project/workbench-actions.ts";
import { toast, toastError } from "../../ui/toast.tsx";
import { useBranchOfChat } from "../branches/index.ts";
import { useConversation } from "./conversation.ts";
import type { GoBackOptions, GoBackTarget, RunActions } from "./run-actions.ts";

/** What is said when a restore has ended. */
interface Asked {
  done: string;
  failed: string;
  canRedo: boolean;
}

const databaseServices = new Set(["postgres", "mysql", "mongodb", "redis"]);

/** Restore, redo, fork and review. The caller renders the confirmation for `target`. */
export function useOpenRunActions(): {
  actions: RunActions;
  target: GoBackTarget | undefined;
  close: () => void;
  goBack: (target: GoBackTarget, options: GoBackOptions) => Promise<void>;
} {
  const { id: projectId } = useProject();
  const tasks = useTasks();
  const { showReview } = useWorkbenchActions();
  const { api } = useServices();
  const queries = useQueryClient();
  const [target, setTarget] = useState<GoBackTarget>();
  /** Restores that this page started; it shows their outcome. */
  const asked = useRef(new Map<string, Asked>());
  /** Restores that ended before the request was answered. */
  const early = useRef(new Map<string, Task>());
  const { chatId, rewound, isRunning, reload, open } = useConversation(({ chat }) => ({
    chatId: chat.state.chatId,
    rewound: chat.state.rewound,
    isRunning: chat.live !== undefined,
    reload: chat.reload,
    open: chat.open,
  }));

  const again = useRef<() => void>(() => undefined);
  const ended = useHandler((task: Task) => {
    const about = asked.current.get(task.id);
    asked.current.delete(task.id);
    // Another person or page may have restored this chat.
    reload();
    if (!about) {
      early.current.set(task.id, task);
      return;
    }
    early.current.clear();
    if (task.status !== "completed") toast(task.error ?? about.failed, { kind: "failed" });
    else toast(about.done, about.canRedo ? { action: { label: "Redo", onSelect: () => again.current() } } : {});
  });
  const branch = useBranchOfChat(chatId);
  const follow = (taskId: string, about: Asked) => {
    asked.current.set(taskId, about);
    const task = early.current.get(taskId);
    if (task) ended(task);
    else if (branch) void followInBranch(taskId);
  };
  /** The stream of the project does not have the tasks of its branches. */
  const followInBranch = async (taskId: string) => {
    try {
      for await (const { data } of api.tasks.events({ params: { task_id: taskId } })) if (data.completed_at !== null) ended(data);
    } catch {
      // The connection was lost: the restored chat may be complete.
      reload();
    }
  };
  const redo = useHandler(() => {
    if (!chatId) return;
    api.chat
      .redo({ params: { chat_id: chatId } })
      .then(({ task_id }) => follow(task_id, { done: "Messages and files restored.", failed: "Couldn't redo.", canRedo: false }))
      .catch((error: unknown) => toastError(error));
  });
  useLayoutEffect(() => {
    again.current = redo;
  });
  useProjectEvent("task_update", (task) => {
    if (task.type !== "snapshot_restore") return;
    if (task.status === "completed" || task.status === "failed" || task.status === "cancelled") ended(task);
  });

  const restoring = tasks.find((task) => task.type === "snapshot_restore" && (task.status === "queued" || task.status === "running"));
  const isBusy = isRunning || restoring !== undefined;
  const isRedoing = restoring !== undefined;
  const goBack = useHandler(async ({ messageId, label }: GoBackTarget, { databasesFrom, keepsDatabaseChanges }: GoBackOptions) => {
    if (!chatId) return;
    const body = { message_id: messageId, ...(databasesFrom !== undefined && { databases_from: databasesFrom }) };
    const { task_id } = await api.chat.restore({ params: { chat_id: chatId }, body });
    const restored = label === undefined ? "Run undone." : `Restored to ${label}.`;
    follow(task_id, {
      done: keepsDatabaseChanges ? `${restored} Databases weren't restored: changes to tables and rows stay.` : restored,
      failed: label === undefined ? "Couldn't undo the run." : `Couldn't restore to ${label}.`,
      canRedo: true,
    });
  });
  const fork = useHandler((messageId: string) => {
    if (!chatId) return;
    api.chat
      .fork({ params: { chat_id: chatId }, body: { message_id: messageId } })
      .then(async ({ id }) => {
        await queries.invalidateQueries({ queryKey: chatSessionsQuery(api, projectId).queryKey });
        open(id);
        toast("Chat forked. Files aren't affected.");
      })
      .catch((error: unknown) => toastError(error));
  });
  const review = useHandler(showReview);
  const hasDatabase = useContainers().some(({ service_slug: slug }) => slug !== null && databaseServices.has(slug));
  const actions = useMemo<RunActions>(
    () => ({
      review,
      goBack: setTarget,
      redo,
      fork,
      isBusy,
      isRedoing,
      hasDatabase,
      goneIds: new Set(rewound.map((message) => message.id)),
    }),
    [review, redo, fork, isBusy, isRedoing, hasDatabase, rewound],
  );
  return { actions, target, close: () => setTarget(undefined), goBack };
}

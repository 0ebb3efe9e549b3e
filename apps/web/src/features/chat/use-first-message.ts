import { useQueryClient } from "@tanstack/react-query";
import type { Project, QueueItem } from "@tesslate/contract";
import { useEffect, useState } from "react";
import { useProjectQuery, useProjectEvent } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import type { Chat } from "./use-chat.ts";
import { queueKey, queueQuery } from "./use-queue.ts";

/**
 * The message that a project was created with, shown in the transcript during the setup. The server stores it and runs it after the
 * setup; after a failed setup it waits for a retry. Undefined when it no longer waits.
 */
export function useFirstMessage({
  project,
  chat,
}: {
  project: Pick<Project, "environment_status">;
  chat: Pick<Chat, "state" | "announce" | "withdraw" | "reload">;
}): QueueItem | undefined {
  const { api } = useServices();
  const queries = useQueryClient();
  const { chatId, isLoaded, turns } = chat.state;
  const queue = useProjectQuery(queueQuery(api, chatId)).data;
  const isSetUp = project.environment_status !== "provisioning" && project.environment_status !== "setup_failed";
  /** The first item of the queue during the setup. */
  const [seen, setSeen] = useState<{ chatId: string; id: string }>();
  const first = queue?.items[0];
  if (!isSetUp && chatId !== undefined && first && seen?.id !== first.id) setSeen({ chatId, id: first.id });
  const isMine = seen !== undefined && seen.chatId === chatId;
  // Held after the setup: it is shown in the queue, with the reason.
  const waiting = isMine && first?.id === seen.id && !(isSetUp && queue?.held) ? first : undefined;

  // The queue component follows these events too, but is not mounted while the chat is collapsed.
  const isWaiting = waiting !== undefined;
  useProjectEvent("queue_changed", ({ chat_id }) => {
    if (isWaiting && chat_id === chatId) void queries.invalidateQueries({ queryKey: queueKey(chatId) });
  });

  const { announce, withdraw, reload } = chat;
  const isShown = isMine && turns.some((turn) => turn.kind === "user" && turn.id === seen.id);
  useEffect(() => {
    if (waiting && isLoaded && !isShown) announce(waiting.id, waiting.message, { isQueued: true });
  }, [waiting, isLoaded, isShown, announce]);
  // When it is sent, the stored message replaces it; when it is held, it is removed from the transcript.
  const isAnswered = queue !== undefined && isMine && !waiting;
  useEffect(() => {
    if (!isAnswered || !isShown || !seen) return;
    if (first?.id === seen.id) withdraw(seen.id);
    else reload();
  }, [isAnswered, isShown, first, seen, withdraw, reload]);
  return waiting;
}

import { queryOptions, useQueryClient } from "@tanstack/react-query";
import { ApiError } from "@tesslate/client/core";
import type { Contract, EditMode, Queue, QueueHold, QueueItem } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import { sentenceOf } from "../../lib/errors.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { usePendingChanges } from "../../lib/use-pending-changes.ts";
import { useProjectQuery, useProjectEvent } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { moved } from "../../ui/use-reorder.ts";
import type { SendFailure, SendOptions } from "./chat.types.ts";
import { viewContextOf } from "./view-context.ts";

export const queueKey = (chatId: string | undefined) => ["chat", chatId, "queue"] as const;
export const queueQuery = (api: Client<Contract>, chatId: string | undefined) =>
  queryOptions({
    queryKey: queueKey(chatId),
    queryFn: ({ signal }) => api.queue.list({ params: { chat_id: chatId ?? "" } }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    enabled: chatId !== undefined,
  });

export interface MessageQueue {
  items: readonly QueueItem[];
  held: QueueHold | null;
  /** Queues a message; it starts at once if the run has just ended. */
  add: (text: string, options: SendOptions) => Promise<SendFailure | undefined>;
  /** The agent gets it before its next model call. */
  steer: (text: string, options: SendOptions) => Promise<SendFailure | undefined>;
  edit: (id: string, text: string) => Promise<SendFailure | undefined>;
  setMode: (id: string, mode: EditMode) => Promise<SendFailure | undefined>;
  move: (id: string, before: string | null) => Promise<SendFailure | undefined>;
  remove: (id: string) => Promise<SendFailure | undefined>;
  /** Sends a queued message to the active run, or starts a run with it. */
  steerNow: (id: string) => Promise<SendFailure | undefined>;
  resume: () => Promise<SendFailure | undefined>;
}

/** The queue of a chat, with pending changes applied on top of the server's list. */
export function useQueue(chatId: string | undefined): MessageQueue {
  const { api } = useServices();
  const queries = useQueryClient();
  const { shown: data, change } = usePendingChanges(queueKey(chatId), useProjectQuery(queueQuery(api, chatId)).data);
  const params = { chat_id: chatId ?? "" };
  const items = data?.items ?? [];

  useProjectEvent("queue_changed", ({ chat_id }) => {
    if (chat_id === chatId) void queries.invalidateQueries({ queryKey: queueKey(chatId) });
  });
  // The message was delivered to the run and is part of the transcript now.
  useProjectEvent("steered", ({ id }) => {
    queries.setQueryData<Queue>(queueKey(chatId), (queue) => queue && { ...queue, items: queue.items.filter((item) => item.id !== id) });
  });

  /** Resolves with the answer, or with why it failed; the server's list is loaded after that. */
  const ask = (call: () => Promise<unknown>, show?: (items: readonly QueueItem[]) => QueueItem[]): Promise<SendFailure | undefined> =>
    new Promise((resolve) => {
      const done = change({
        ...(show && { apply: (queue) => ({ ...queue, items: show(queue.items) }) }),
        call: async () => {
          await call();
          resolve(undefined);
        },
      });
      done.catch((error: unknown) => resolve({ code: error instanceof ApiError ? error.code : "unknown", message: sentenceOf(error) }));
    });
  /** Steering takes text only. */
  const words = (message: string, { editMode, model, reasoning, agentId, mentions }: SendOptions) => ({
    message,
    edit_mode: editMode,
    view_context: viewContextOf(location.pathname),
    ...(agentId && { agent_id: agentId }),
    ...(model && { model }),
    ...(reasoning !== undefined && { reasoning }),
    ...(mentions && { mentions: mentions.map((path) => ({ path })) }),
  });
  const body = (message: string, options: SendOptions) => ({
    ...words(message, options),
    ...(options.attachments && { attachments: options.attachments.map(({ id }) => id) }),
  });

  return {
    items,
    held: data?.held ?? null,
    add: useHandler((text: string, options: SendOptions) => ask(() => api.queue.add({ params, body: body(text, options) }))),
    steer: useHandler((text: string, options: SendOptions) => ask(() => api.queue.steer({ params, body: words(text, options) }))),
    edit: useHandler((id: string, message: string) =>
      ask(
        () => api.queue.update({ params: { ...params, item_id: id }, body: { message } }),
        (list) => list.map((item) => (item.id === id ? { ...item, message } : item)),
      ),
    ),
    setMode: useHandler((id: string, mode: EditMode) =>
      ask(
        () => api.queue.update({ params: { ...params, item_id: id }, body: { edit_mode: mode } }),
        (list) => list.map((item) => (item.id === id ? { ...item, edit_mode: mode } : item)),
      ),
    ),
    move: useHandler((id: string, before: string | null) =>
      ask(
        () => api.queue.update({ params: { ...params, item_id: id }, body: { before } }),
        (list) => moved(list, id, before),
      ),
    ),
    remove: useHandler((id: string) =>
      ask(
        () => api.queue.remove({ params: { ...params, item_id: id } }),
        (list) => list.filter((item) => item.id !== id),
      ),
    ),
    steerNow: useHandler((id: string) => ask(() => api.queue.steerNow({ params: { ...params, item_id: id } }))),
    resume: useHandler(() => ask(() => api.queue.resume({ params }))),
  };
}

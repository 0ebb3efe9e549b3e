import { queryOptions, useQueryClient } from "@tanstack/react-query";
import { ApiError } from "@tesslate/client/core";
import type { Contract, EditMode, Queue, QueueHold, QueueItem } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import { useRef } from "react";
import { sentenceOf } from "../../lib/errors.ts";
import { useHandler } from "../../lib/use-handler.ts";
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

/** The queue of a chat. Changes are shown at once and then replaced by the server's list. */
export function useQueue(chatId: string | undefined): MessageQueue {
  const { api } = useServices();
  const queries = useQueryClient();
  const { data } = useProjectQuery(queueQuery(api, chatId));
  const params = { chat_id: chatId ?? "" };
  const items = data?.items ?? [];

  /** Number of pending changes. While there are any, a response may be older than what is shown; the last change loads the list again. */
  const pending = useRef(0);

  const show = (change: (items: readonly QueueItem[]) => QueueItem[]) =>
    queries.setQueryData<Queue>(queueKey(chatId), (queue) => queue && { ...queue, items: change(queue.items) });
  const readAgain = () => queries.invalidateQueries({ queryKey: queueKey(chatId) });

  useProjectEvent("queue_changed", ({ chat_id }) => {
    if (chat_id === chatId && pending.current === 0) void readAgain();
  });
  // The message was delivered to the run and is part of the transcript now.
  useProjectEvent("steered", ({ id }) => {
    queries.setQueryData<Queue>(queueKey(chatId), (queue) => queue && { ...queue, items: queue.items.filter((item) => item.id !== id) });
  });

  /** Awaits a change and then loads the server's list, whether it failed or not. */
  const ask = async (call: Promise<unknown>): Promise<SendFailure | undefined> => {
    pending.current += 1;
    void queries.cancelQueries({ queryKey: queueKey(chatId) });
    try {
      await call;
      return undefined;
    } catch (error) {
      return { code: error instanceof ApiError ? error.code : "unknown", message: sentenceOf(error) };
    } finally {
      pending.current -= 1;
      if (pending.current === 0) void readAgain();
    }
  };
  /** Steering takes text only. */
  const words = (message: string, { editMode, model, agentId, mentions }: SendOptions) => ({
    message,
    edit_mode: editMode,
    view_context: viewContextOf(location.pathname),
    ...(agentId && { agent_id: agentId }),
    ...(model && { model }),
    ...(mentions && { mentions: mentions.map((path) => ({ path })) }),
  });
  const body = (message: string, options: SendOptions) => ({
    ...words(message, options),
    ...(options.attachments && { attachments: options.attachments.map(({ id }) => id) }),
  });

  return {
    items,
    held: data?.held ?? null,
    add: useHandler((text: string, options: SendOptions) => ask(api.queue.add({ params, body: body(text, options) }))),
    steer: useHandler((text: string, options: SendOptions) => ask(api.queue.steer({ params, body: words(text, options) }))),
    edit: useHandler((id: string, message: string) => {
      show((list) => list.map((item) => (item.id === id ? { ...item, message } : item)));
      return ask(api.queue.update({ params: { ...params, item_id: id }, body: { message } }));
    }),
    setMode: useHandler((id: string, mode: EditMode) => {
      show((list) => list.map((item) => (item.id === id ? { ...item, edit_mode: mode } : item)));
      return ask(api.queue.update({ params: { ...params, item_id: id }, body: { edit_mode: mode } }));
    }),
    move: useHandler((id: string, before: string | null) => {
      show((list) => moved(list, id, before));
      return ask(api.queue.update({ params: { ...params, item_id: id }, body: { before } }));
    }),
    remove: useHandler((id: string) => {
      show((list) => list.filter((item) => item.id !== id));
      return ask(api.queue.remove({ params: { ...params, item_id: id } }));
    }),
    steerNow: useHandler((id: string) => ask(api.queue.steerNow({ params: { ...params, item_id: id } }))),
    resume: useHandler(() => ask(api.queue.resume({ params }))),
  };
}

import { SendMessage } from "./chat-runs.ts";
import { EditMode } from "./edit-mode.ts";
import { Workspace } from "./workspace.ts";
import { described, TaskLinks, Maybe, Nullable, Timestamp, Type, Uuid, extend, listOf, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "queue";
/** Messages that wait in one chat. */
export const maxQueued = 20;

const ChatParams = Type.Object({ chat_id: Uuid });
const ItemParams = Type.Object({ chat_id: Uuid, item_id: Uuid });
const { project_id: _project, chat_id: _chat, ...sendFields } = SendMessage.properties;
const { attachments: _attachments, details: _details, ...textFields } = sendFields;
const MessageText = Type.String({ minLength: 1, maxLength: 10_000, pattern: "\\S" });
export const QueueMessage = described("A message with the options of its run, as for `POST /api/chat/stream`.", Type.Object(sendFields));
export type QueueMessage = Static<typeof QueueMessage>;
export const SteerMessage = described(
  "Text for the active run. The options apply if the run ends first and the message is queued.",
  Type.Object({ ...textFields, message: MessageText }),
);
export type SteerMessage = Static<typeof SteerMessage>;

export const QueueItem = Type.Object({
  id: Uuid,
  message: Type.String(),
  edit_mode: EditMode,
  model: Nullable(Type.String()),
  workspace: described("`wait`: it also waits for runs of other chats that change files. `ask` is like null here", Nullable(Workspace)),
  attachment_count: Type.Integer(),
  is_steering: described("The active run reads it before its next model call", Type.Boolean()),
  created_at: Timestamp,
});
export type QueueItem = Static<typeof QueueItem>;
export const QueueHold = described(
  "Why the queue is paused: how the last run ended, or why the next one could not start.",
  Type.Object({ reason: Type.String(), message: Type.String() }),
);
export type QueueHold = Static<typeof QueueHold>;
export const Queue = extend(listOf(QueueItem), { held: Nullable(QueueHold), max_items: Type.Integer() });
export type Queue = Static<typeof Queue>;

const startErrors = [
  "chat_busy",
  "workspace_required",
  "run_active",
  "branch_limit_reached",
  "insufficient_credits",
  "agent_not_owned",
  "closed_source",
  "agent_not_runnable",
  "unknown_model",
  "model_not_configured",
] as const;

export const queueRoutes = {
  list: route({
    method: "GET",
    path: "/api/chat/{chat_id}/queue",
    tag,
    summary: "List queued messages",
    description: "Messages that wait for the run to end, in sending order. `held` is the reason why sending is paused.",
    auth: "user",
    params: ChatParams,
    response: Queue,
    errors: ["not_found"],
  }),
  add: route({
    method: "POST",
    path: "/api/chat/{chat_id}/queue",
    tag,
    summary: "Queue message",
    description:
      "Adds a message to the queue of a chat. It starts at once if no run is active and nothing waits. With the workspace `wait` it also waits until no run of another chat changes files of the project. At most 20 messages wait.",
    auth: "user",
    keys: "run",
    status: 201,
    params: ChatParams,
    body: QueueMessage,
    response: extend(QueueItem, TaskLinks.properties),
    errors: ["not_found", "queue_full"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/chat/{chat_id}/queue/{item_id}",
    tag,
    summary: "Update queued message",
    description: "Edits a queued message, or moves it before another one (`before: null` moves it to the end).",
    auth: "user",
    keys: "run",
    params: ItemParams,
    body: Type.Object({ message: Type.Optional(MessageText), before: Maybe(Uuid), edit_mode: Type.Optional(EditMode) }),
    response: QueueItem,
    errors: ["not_found"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/chat/{chat_id}/queue/{item_id}",
    tag,
    summary: "Delete queued message",
    description: "Removes a message from the queue.",
    auth: "user",
    status: 204,
    params: ItemParams,
    errors: ["not_found"],
  }),
  steerNow: route({
    method: "POST",
    path: "/api/chat/{chat_id}/queue/{item_id}/steer",
    tag,
    summary: "Send queued message now",
    description:
      "Sends a queued message to the active run, which reads it before its next model call. Without an active run it starts one.",
    auth: "user",
    keys: "run",
    status: 202,
    params: ItemParams,
    response: TaskLinks,
    errors: ["not_found", "bad_request", ...startErrors],
  }),
  resume: route({
    method: "POST",
    path: "/api/chat/{chat_id}/queue/resume",
    tag,
    summary: "Resume queue",
    description: "Sends the messages of a paused queue, one after another.",
    auth: "user",
    keys: "run",
    status: 202,
    params: ChatParams,
    response: TaskLinks,
    errors: ["not_found", ...startErrors],
  }),
  steer: route({
    method: "POST",
    path: "/api/chat/{chat_id}/steer",
    tag,
    summary: "Steer run",
    description: "Sends text to the active run, which reads it before its next model call. If the run ends first, the message is queued.",
    auth: "user",
    keys: "run",
    status: 202,
    params: ChatParams,
    body: SteerMessage,
    response: extend(TaskLinks, { id: Uuid }),
    errors: ["not_found", "queue_full"],
  }),
};

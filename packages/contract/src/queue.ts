import { SendMessage } from "./chat.ts";
import { EditMode } from "./edit-mode.ts";
import { Maybe, Nullable, Timestamp, Type, Uuid, extend, listOf, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "chat";
/** Messages that may wait in one session. */
export const maxQueued = 20;

const ChatParams = Type.Object({ chat_id: Uuid });
const ItemParams = Type.Object({ chat_id: Uuid, item_id: Uuid });
const { project_id: _project, chat_id: _chat, ...sendFields } = SendMessage.properties;
const { attachments: _attachments, ...wordFields } = sendFields;
const Words = Type.String({ minLength: 1, maxLength: 10_000, pattern: "\\S" });
/** A message with the choices of its run, as for `POST /api/chat/stream`. */
export const QueueMessage = Type.Object(sendFields);
export type QueueMessage = Static<typeof QueueMessage>;
/** The choices count when the run has ended before it could hear it. A run that goes on hears words alone. */
export const SteerMessage = Type.Object({ ...wordFields, message: Words });
export type SteerMessage = Static<typeof SteerMessage>;

export const QueueItem = Type.Object({
  id: Uuid,
  message: Type.String(),
  edit_mode: EditMode,
  model: Nullable(Type.String()),
  attachment_count: Type.Integer(),
  /** The run that goes on hears it before its next model call. */
  is_steering: Type.Boolean(),
  created_at: Timestamp,
});
export type QueueItem = Static<typeof QueueItem>;
/** Why nothing is sent by itself: how the last run ended, or why the next one could not begin. */
export const QueueHold = Type.Object({ reason: Type.String(), message: Type.String() });
export type QueueHold = Static<typeof QueueHold>;
export const Queue = extend(listOf(QueueItem), { held: Nullable(QueueHold), max_items: Type.Integer() });
export type Queue = Static<typeof Queue>;

const Started = Type.Object({ task_id: Nullable(Uuid), status_url: Nullable(Type.String()) });
const refusals = [
  "chat_busy",
  "insufficient_credits",
  "agent_not_owned",
  "closed_source",
  "agent_not_runnable",
  "unknown_model",
  "model_not_configured",
] as const;

/** Messages sent while a run goes on (agent-git-deploy 10). */
export const queueRoutes = {
  list: route({
    method: "GET",
    path: "/api/chat/{chat_id}/queue",
    tag,
    summary: "Messages that wait for the run to end, in the order they will be sent",
    auth: "user",
    params: ChatParams,
    response: Queue,
    errors: ["not_found"],
  }),
  add: route({
    method: "POST",
    path: "/api/chat/{chat_id}/queue",
    tag,
    summary: "Queue a message; it starts at once when nothing goes on and nothing waits",
    auth: "user",
    keys: "run",
    status: 201,
    params: ChatParams,
    body: QueueMessage,
    response: extend(QueueItem, Started.properties),
    errors: ["not_found", "queue_full"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/chat/{chat_id}/queue/{item_id}",
    tag,
    summary: "Edit a queued message, or move it before another one (`before: null`: to the end)",
    auth: "user",
    keys: "run",
    params: ItemParams,
    body: Type.Object({ message: Type.Optional(Words), before: Maybe(Uuid), edit_mode: Type.Optional(EditMode) }),
    response: QueueItem,
    errors: ["not_found"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/chat/{chat_id}/queue/{item_id}",
    tag,
    summary: "Take a message out of the queue",
    auth: "user",
    status: 204,
    params: ItemParams,
    errors: ["not_found"],
  }),
  steerNow: route({
    method: "POST",
    path: "/api/chat/{chat_id}/queue/{item_id}/steer",
    tag,
    summary: "Let the run that goes on hear a queued message before its next model call; without a run, start it",
    auth: "user",
    keys: "run",
    status: 202,
    params: ItemParams,
    response: Started,
    errors: ["not_found", "bad_request", ...refusals],
  }),
  resume: route({
    method: "POST",
    path: "/api/chat/{chat_id}/queue/resume",
    tag,
    summary: "Send what waits in a held queue, one after another",
    auth: "user",
    keys: "run",
    status: 202,
    params: ChatParams,
    response: Started,
    errors: ["not_found", ...refusals],
  }),
  steer: route({
    method: "POST",
    path: "/api/chat/{chat_id}/steer",
    tag,
    summary: "Say something to the run that goes on; too late for it, it becomes the next queued message",
    auth: "user",
    keys: "run",
    status: 202,
    params: ChatParams,
    body: SteerMessage,
    response: extend(Started, { id: Uuid }),
    errors: ["not_found", "queue_full"],
  }),
};

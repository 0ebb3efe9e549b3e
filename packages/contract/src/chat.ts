import {
  described,
  JsonObject,
  Literals,
  Maybe,
  ModelCost,
  Nullable,
  ProjectRef,
  StartedTask,
  Timestamp,
  Type,
  Uuid,
  listOf,
  pageQuery,
  type Static,
} from "./schema.ts";
import { Mention, MessageAttachment } from "./attachments.ts";
import { AnswerQuestion, ApprovalResponse, CancelStatus, runRoutes, SendMessage } from "./chat-runs.ts";
import { PendingApproval, PendingQuestion, RunEvent, TranscriptEvent } from "./run-events.ts";
import { ModelOverride } from "./model-choice.ts";
import { Todo } from "./plan.ts";
import { AuthenticatedFrame, AuthFrame, ErrorFrame, PingFrame, PongFrame } from "./sockets.ts";
import { route } from "./route.ts";

const tag = "chat";
export const ChatStatus = Literals("active", "running", "waiting_approval", "completed", "archived");

export const ChatMessage = described(
  "A message of a chat. Steps of assistant messages are in `message_metadata.steps`.",
  Type.Object({
    id: Uuid,
    chat_id: Uuid,
    role: Literals("user", "assistant"),
    content: Type.String(),
    message_metadata: Nullable(JsonObject),
    created_at: Timestamp,
  }),
);
export type ChatMessage = Static<typeof ChatMessage>;

const chatFields = {
  id: Uuid,
  project_id: Nullable(Uuid),
  title: Nullable(Type.String()),
  origin: Literals("browser", "slack", "api", "cli"),
  status: ChatStatus,
  pinned: Type.Boolean(),
  created_at: Timestamp,
  updated_at: Timestamp,
  message_count: Type.Integer(),
  card: described(
    "The card of the board that the chat works on",
    Nullable(Type.Object({ id: Uuid, ref_number: Type.Integer(), title: Type.String() })),
  ),
};
export const ChatSession = Type.Object(chatFields);
export type ChatSession = Static<typeof ChatSession>;
export const Chat = Type.Object({
  ...chatFields,
  user_id: Uuid,
  messages: Type.Array(ChatMessage),
  active_task: Nullable(Type.Object({ task_id: Uuid, message: Type.String(), started_at: Timestamp })),
  /** What a restore took out of the conversation, without steps, oldest first, at most 200; null when nothing can be redone. */
  rewound: Nullable(Type.Array(ChatMessage)),
  pending_approval: Nullable(PendingApproval),
  todos: described("The agent's to-do list", Type.Array(Todo)),
  pending_question: Nullable(PendingQuestion),
});
export type Chat = Static<typeof Chat>;

export const TranscriptMessage = described(
  "A message to the agent.",
  Type.Object({
    type: Type.Literal("message"),
    id: Uuid,
    text: Type.String(),
    attachments: Type.Array(MessageAttachment),
    mentions: Type.Array(Mention),
    details: described("Material for the agent that the message carries, such as the stack of an error", Nullable(Type.String())),
    auto_fix: described("Number of the automatic fix that sent it; null: a person sent it", Nullable(Type.Integer())),
    created_at: Timestamp,
  }),
);
export type TranscriptMessage = Static<typeof TranscriptMessage>;
export const TranscriptRun = described(
  "The answer to a message, as the events of its run. A resumed run has the events of all its tasks, in order, each from `task_started` on.",
  Type.Object({
    type: Type.Literal("run"),
    message_id: Uuid,
    task_id: described("The newest task of the run", Uuid),
    last_seq: described("The last `seq` of this task that is included; 0 if it has no events yet", Type.Integer()),
    events: described("Consecutive pieces of text are one event, with the `seq` of the first", Type.Array(TranscriptEvent)),
    created_at: Timestamp,
  }),
);
export type TranscriptRun = Static<typeof TranscriptRun>;
export const TranscriptEntry = Type.Union([TranscriptMessage, TranscriptRun]);
export type TranscriptEntry = Static<typeof TranscriptEntry>;
export const RewoundMessage = described(
  "A message that a restore hides.",
  Type.Object({ id: Uuid, role: Literals("user", "assistant"), text: Type.String(), created_at: Timestamp }),
);
export type RewoundMessage = Static<typeof RewoundMessage>;
export const Transcript = Type.Object({
  entries: described("Oldest first", Type.Array(TranscriptEntry)),
  before: described("Pass it as `before` for the entries before these; null: there are none", Nullable(Type.Integer())),
  todos: described("The agent's to-do list", Type.Array(Todo)),
  rewound: described("Messages that a restore hides until it is redone, oldest first, at most 200", Type.Array(RewoundMessage)),
});
export type Transcript = Static<typeof Transcript>;

export const CompactedChat = Type.Object({
  tokens_before: Type.Integer(),
  tokens_after: Type.Integer(),
  context_window: Type.Integer(),
  cost_cents: ModelCost,
});
export type CompactedChat = Static<typeof CompactedChat>;

/** Frames that a client sends over the socket of a chat. Project and chat are the socket's own. */
const { project_id: _project, chat_id: _chat, ...sendFields } = SendMessage.properties;
export const chatFrames = {
  ping: PingFrame,
  message: Type.Object({ type: Type.Literal("message"), ...sendFields }),
  approval_response: Type.Object({
    type: Type.Literal("approval_response"),
    approval_id: Uuid,
    response: ApprovalResponse,
    note: Maybe(Type.String({ maxLength: 2000 })),
  }),
  question_response: Type.Object({ type: Type.Literal("question_response"), ...AnswerQuestion.properties }),
  cancel: Type.Object({ type: Type.Literal("cancel"), task_id: Maybe(Uuid) }, { description: "Answered by `cancel_status`" }),
  subscribe: Type.Object({
    type: Type.Literal("subscribe"),
    task_id: Uuid,
    after_seq: Type.Optional(Type.Integer({ minimum: 0, description: "Send the run's events after this one; default: all" })),
  }),
};
export const CancelStatusFrame = Type.Object({ type: Type.Literal("cancel_status"), data: CancelStatus });

const ChatParams = Type.Object({ chat_id: Uuid });

export const chatRoutes = {
  ...runRoutes,
  history: route({
    method: "GET",
    path: "/api/chat/history/{project_id}",
    tag,
    summary: "List messages",
    description: "Messages of all your chats in a project, oldest first unless `order=desc`. With `chat_id` those of one chat.",
    auth: "user",
    params: Type.Object({ project_id: ProjectRef }),
    query: Type.Object({ ...pageQuery, chat_id: Type.Optional(Uuid), order: Type.Optional(Literals("asc", "desc")) }),
    response: listOf(ChatMessage),
    errors: ["not_found"],
  }),
  sessions: route({
    method: "GET",
    path: "/api/chat/sessions",
    tag,
    summary: "List chats",
    description: "Your chats, pinned ones first, then by latest activity.",
    auth: "user",
    query: Type.Object({ ...pageQuery, project_id: Type.Optional(ProjectRef) }),
    response: listOf(ChatSession),
    errors: ["not_found"],
  }),
  createSession: route({
    method: "POST",
    path: "/api/chat/sessions",
    tag,
    summary: "Create chat",
    description: "Starts an empty chat in a project.",
    auth: "user",
    status: 201,
    body: Type.Object({ project_id: ProjectRef, title: Maybe(Type.String({ maxLength: 255 })) }),
    response: Chat,
    errors: ["not_found"],
  }),
  socket: route({
    method: "WS",
    path: "/api/chat/ws/{chat_id}",
    tag,
    summary: "Chat (WebSocket)",
    description:
      "Sends messages, cancels, answers approvals and questions, and follows runs over one socket. `subscribe` replays a run after `after_seq`.",
    auth: "user",
    keys: "run",
    kind: "socket",
    params: ChatParams,
    events: Type.Union([RunEvent, CancelStatusFrame, PongFrame, AuthenticatedFrame, ErrorFrame]),
    frames: Type.Union([AuthFrame, ...Object.values(chatFrames)]),
  }),
  get: route({
    method: "GET",
    path: "/api/chat/{chat_id}",
    tag,
    summary: "Get chat",
    description: "A chat with its newest 200 messages, and what its run waits for.",
    auth: "user",
    params: ChatParams,
    response: Chat,
    errors: ["not_found"],
  }),
  transcript: route({
    method: "GET",
    path: "/api/chat/{chat_id}/transcript",
    tag,
    summary: "Get transcript",
    description:
      "The messages of a chat, and every run as the events that it sent, however long ago. Without `before` the newest entries. Events of an active run are included up to the latest; follow it from `last_seq` on, at `GET /api/chat/agent/events/{task_id}` or on the event stream of the project.",
    auth: "user",
    params: ChatParams,
    query: Type.Object({
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: "Entries at most" })),
      before: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647, description: "`before` of the page after this one" })),
      task_id: described(
        "Only the run that this task belongs to, in place of a page; also one that a restore took out of the chat, for 30 days",
        Type.Optional(Uuid),
      ),
    }),
    response: Transcript,
    errors: ["not_found"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/chat/{chat_id}",
    tag,
    summary: "Update chat",
    description: "Renames, pins or archives a chat.",
    auth: "user",
    params: ChatParams,
    body: Type.Object({
      title: Maybe(Type.String({ maxLength: 255 })),
      status: Type.Optional(Literals("active", "archived")),
      pinned: Type.Optional(Type.Boolean()),
    }),
    response: ChatSession,
    errors: ["not_found"],
  }),
  restore: route({
    method: "POST",
    path: "/api/chat/{chat_id}/restore",
    tag,
    summary: "Restore chat to message",
    description:
      "Brings files and conversation back to before a message, in a task; for a chat with a branch, the files of the branch, and only to messages since it was created (409 `conflict`). Databases stay, unless `databases_from` names a snapshot. `POST …/redo` reverts it until the next message.",
    auth: "user",
    status: 202,
    params: ChatParams,
    body: Type.Object({
      message_id: Uuid,
      databases_from: described(
        "A snapshot of the project whose databases are restored too, for example the latest one before the message. The present rows are kept in a safety snapshot, which `POST …/redo` restores",
        Type.Optional(Uuid),
      ),
    }),
    response: StartedTask,
    errors: ["not_found", "bad_request", "snapshot_not_ready", "project_busy", "snapshot_pending", "run_active", "conflict"],
  }),
  redo: route({
    method: "POST",
    path: "/api/chat/{chat_id}/redo",
    tag,
    summary: "Redo restore",
    description:
      "Reverts the last restore of this chat: files and messages are restored to the state before it. If the project was restored, its databases and the messages of its other chats as well.",
    auth: "user",
    status: 202,
    params: ChatParams,
    response: StartedTask,
    errors: ["not_found", "nothing_to_redo", "snapshot_not_ready", "project_busy", "snapshot_pending", "run_active", "conflict"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/chat/{chat_id}",
    tag,
    summary: "Delete chat",
    description: "Deletes a chat with its messages, plan and queue. Files stay.",
    auth: "user",
    status: 204,
    params: ChatParams,
    errors: ["not_found"],
  }),
  fork: route({
    method: "POST",
    path: "/api/chat/{chat_id}/fork",
    tag,
    summary: "Fork chat",
    description: "Creates a chat with all messages up to and including the given one. Files stay as they are.",
    auth: "user",
    status: 201,
    params: ChatParams,
    body: Type.Object({ message_id: Uuid, title: Maybe(Type.String({ maxLength: 255 })) }),
    response: Chat,
    errors: ["not_found"],
  }),
  compact: route({
    method: "POST",
    path: "/api/chat/{chat_id}/compact",
    tag,
    summary: "Compact chat",
    description: "Replaces older messages by a summary, to free space in the model's context window. Costs credits like any model call.",
    auth: "user",
    params: ChatParams,
    body: ModelOverride,
    response: CompactedChat,
    errors: [
      "not_found",
      "chat_busy",
      "bad_request",
      "insufficient_credits",
      "cost_limit_reached",
      "model_error",
      "model_auth_failed",
      "unknown_model",
      "model_not_configured",
    ],
  }),
  clear: route({
    method: "POST",
    path: "/api/chat/{chat_id}/clear",
    tag,
    summary: "Clear chat",
    description: "Deletes all messages, questions, to-dos, the plan and queued messages of a chat. Files stay.",
    auth: "user",
    params: ChatParams,
    response: Type.Object({ deleted_count: Type.Integer() }),
    errors: ["not_found", "chat_busy"],
  }),
};

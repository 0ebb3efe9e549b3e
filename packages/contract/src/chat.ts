import {
  CostLimit,
  ModelCost,
  JsonObject,
  Literals,
  Maybe,
  Nullable,
  ProjectRef,
  Timestamp,
  Type,
  Uuid,
  listOf,
  pageQuery,
  type Static,
} from "./schema.ts";
import { route } from "./route.ts";
import { maxAttachments, maxMentions, Mention } from "./attachments.ts";
import { EditMode } from "./edit-mode.ts";
import { RunEvent } from "./events.ts";
import { Todo } from "./plan.ts";
import { AuthenticatedFrame, AuthFrame, ErrorFrame, PingFrame, PongFrame } from "./sockets.ts";

const tag = "chat";
export const ChatStatus = Literals("active", "running", "waiting_approval", "completed", "archived");

/** agent-git-deploy 3.1. Steps of assistant messages stand inline in `message_metadata.steps`. */
export const ChatMessage = Type.Object({
  id: Uuid,
  chat_id: Uuid,
  role: Literals("user", "assistant"),
  content: Type.String(),
  message_metadata: Nullable(JsonObject),
  created_at: Timestamp,
});
export type ChatMessage = Static<typeof ChatMessage>;
export const ActiveRun = Type.Object({ task_id: Uuid, chat_id: Uuid, message: Type.String(), started_at: Timestamp });
export type ActiveRun = Static<typeof ActiveRun>;
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
};
export const ChatSession = Type.Object(chatFields);
export type ChatSession = Static<typeof ChatSession>;
export const Chat = Type.Object({
  ...chatFields,
  user_id: Uuid,
  messages: Type.Array(ChatMessage),
  active_task: Nullable(Type.Object({ task_id: Uuid, message: Type.String(), started_at: Timestamp })),
  /** A question the run waits on, so that a reload can show it (4.11). */
  /** What a restore took out of the conversation, without steps, oldest first, at most 200; null when nothing can be redone. */
  rewound: Nullable(Type.Array(ChatMessage)),
  pending_approval: Nullable(JsonObject),
  /** The agent's to-do list. */
  todos: Type.Array(Todo),
  /** The same for a question of the agent's: `QuestionAsked` with `task_id`, `created_at`, `expires_at`. */
  pending_question: Nullable(JsonObject),
});
export type Chat = Static<typeof Chat>;

const inAnyCase = (word: string): string => [...word].map((letter) => `[${letter.toUpperCase()}${letter}]`).join("");

export const SendMessage = Type.Object({
  project_id: ProjectRef,
  /** Words, unless something is attached. */
  message: Type.String({ maxLength: 10_000 }),
  /** Ids, in the order they are shown; each of the caller's own, of this project. */
  attachments: Maybe(Type.Array(Uuid, { maxItems: maxAttachments })),
  mentions: Maybe(Type.Array(Mention, { maxItems: maxMentions })),
  agent_id: Maybe(Type.String({ maxLength: 100 })),
  container_id: Maybe(Uuid),
  chat_id: Maybe(Uuid),
  max_iterations: Maybe(Type.Integer({ minimum: 1 })),
  /** Cap of this run, in cents; the server's own caps hold beside it (4.5). */
  max_cost_cents: Maybe(CostLimit(1_000_000)),
  edit_mode: Type.Optional(EditMode),
  view_context: Maybe(Type.String({ pattern: `^(${["graph", "builder", "terminal", "kanban"].map(inAnyCase).join("|")})$` })),
  /** Overrides the agent's model for this run (README rule 13). */
  model: Maybe(Type.String({ maxLength: 200 })),
});
export type SendMessage = Static<typeof SendMessage>;
export const ApprovalResponse = Literals("allow_once", "allow_all", "deny", "stop");
export type ApprovalResponse = Static<typeof ApprovalResponse>;

/**
 * The answer to a `question_asked`: `choices` (labels) or `text` or both for a question, `value` for a secret; `declined` instead of either.
 * `value` is sealed as a secret of the project and appears nowhere else.
 */
export const AnswerQuestion = Type.Object({
  question_id: Uuid,
  choices: Type.Optional(Type.Array(Type.String({ maxLength: 120 }), { maxItems: 6 })),
  text: Maybe(Type.String({ maxLength: 4_000 })),
  value: Maybe(Type.String({ maxLength: 65_536 })),
  declined: Type.Optional(Type.Boolean()),
});
export type AnswerQuestion = Static<typeof AnswerQuestion>;

/** Before sending: what the message's first call takes, and what the whole run likely costs. Estimates; the cap is a promise. */
export const CostEstimate = Type.Object({
  model: Type.String(),
  tokens_in: Type.Integer(),
  context_window: Type.Integer(),
  likely_tokens_in: Type.Integer(),
  likely_tokens_out: Type.Integer(),
  likely_cost_cents: ModelCost,
  /** With the caller's own key nothing is charged here: what it likely costs at list prices. */
  own_key_cents: Nullable(ModelCost),
  /** At this the run pauses; null: no cap. */
  cost_limit_cents: Nullable(ModelCost),
  is_byok: Type.Boolean(),
  is_price_known: Type.Boolean(),
  /** From the caller's own last runs, or from a usual one. */
  basis: Literals("your_runs", "usual"),
});
export type CostEstimate = Static<typeof CostEstimate>;
export const CompactedChat = Type.Object({
  tokens_before: Type.Integer(),
  tokens_after: Type.Integer(),
  context_window: Type.Integer(),
  cost_cents: ModelCost,
});
export type CompactedChat = Static<typeof CompactedChat>;

/** What a client sends over the socket of a chat (agent-git-deploy 3.6). The project and the chat are the socket's own. */
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
    after_seq: Type.Optional(Type.Integer({ minimum: 0, description: "Events of the run after this one; default: all" })),
  }),
};
const CancelStatus = Type.Object({ status: Literals("cancellation_requested", "not_running"), task_id: Nullable(Uuid) });
const CancelStatusFrame = Type.Object({ type: Type.Literal("cancel_status"), data: CancelStatus });

const ChatParams = Type.Object({ chat_id: Uuid });

/** agent-git-deploy 3 and 10. */
export const chatRoutes = {
  history: route({
    method: "GET",
    path: "/api/chat/history/{project_id}",
    tag,
    summary: "Messages of all your chats in a project, by time; with `chat_id` those of one",
    auth: "user",
    params: Type.Object({ project_id: ProjectRef }),
    query: Type.Object({ ...pageQuery, chat_id: Type.Optional(Uuid), order: Type.Optional(Literals("asc", "desc")) }),
    response: listOf(ChatMessage),
    errors: ["not_found"],
  }),
  stream: route({
    method: "POST",
    path: "/api/chat/stream",
    tag,
    summary: "Send a message and follow the run",
    auth: "user",
    keys: "run",
    kind: "sse",
    body: SendMessage,
    events: RunEvent,
    errors: [
      "not_found",
      "chat_busy",
      "insufficient_credits",
      "agent_not_owned",
      "closed_source",
      "agent_not_runnable",
      "unknown_model",
      "model_not_configured",
      "vision_not_supported",
    ],
  }),
  cancel: route({
    method: "POST",
    path: "/api/chat/cancel",
    tag,
    summary: "Cancel a run",
    auth: "user",
    keys: "run",
    body: Type.Object({ task_id: Maybe(Uuid), chat_id: Maybe(Uuid) }),
    response: CancelStatus,
    errors: ["not_found", "bad_request"],
  }),
  sessions: route({
    method: "GET",
    path: "/api/chat/sessions",
    tag,
    summary: "Chat sessions: the pinned ones, then the newest activity first",
    auth: "user",
    query: Type.Object({ ...pageQuery, project_id: Type.Optional(ProjectRef) }),
    response: listOf(ChatSession),
    errors: ["not_found"],
  }),
  createSession: route({
    method: "POST",
    path: "/api/chat/sessions",
    tag,
    summary: "Start a new session",
    auth: "user",
    status: 201,
    body: Type.Object({ project_id: ProjectRef, title: Maybe(Type.String({ maxLength: 255 })) }),
    response: Chat,
    errors: ["not_found"],
  }),
  approval: route({
    method: "POST",
    path: "/api/chat/agent/approval",
    tag,
    summary: "Answer an approval request",
    auth: "user",
    keys: "run",
    body: Type.Object({ approval_id: Uuid, response: ApprovalResponse, note: Maybe(Type.String({ maxLength: 2000 })) }),
    response: Type.Object({ approval_id: Uuid, response: ApprovalResponse }),
    errors: ["not_found", "already_answered"],
  }),
  answer: route({
    method: "POST",
    path: "/api/chat/agent/answer",
    tag,
    summary: "Answer a question of the agent's, or give the secret it asks for",
    auth: "user",
    keys: "run",
    body: AnswerQuestion,
    response: Type.Object({ question_id: Uuid, outcome: Literals("answered", "declined") }),
    errors: ["not_found", "already_answered", "invalid_secret", "reserved_key", "secret_limit_reached"],
  }),
  active: route({
    method: "GET",
    path: "/api/chat/agent/active",
    tag,
    summary: "The run that is going on, to re-attach after a reload",
    auth: "user",
    query: Type.Object({ project_id: ProjectRef, chat_id: Type.Optional(Uuid) }),
    response: Type.Object({ active: Nullable(ActiveRun) }),
    errors: ["not_found"],
  }),
  runEvents: route({
    method: "GET",
    path: "/api/chat/agent/events/{task_id}",
    tag,
    summary: "Replay and follow a run's events",
    auth: "user",
    kind: "sse",
    params: Type.Object({ task_id: Uuid }),
    query: Type.Object({ last_event_id: Type.Optional(Type.Integer({ minimum: 0 })) }),
    events: RunEvent,
    errors: ["not_found"],
  }),
  resume: route({
    method: "POST",
    path: "/api/chat/agent/resume",
    tag,
    summary: "Go on with a run that was interrupted, or paused at a limit: the same answer, a new task",
    auth: "user",
    keys: false,
    impersonation: true,
    status: 202,
    body: Type.Object({ task_id: Uuid }),
    response: Type.Object({ task_id: Uuid, status_url: Type.String() }),
    errors: ["not_found", "not_resumable", "chat_busy", "closed_source", "model_not_configured"],
  }),
  socket: route({
    method: "WS",
    path: "/api/chat/ws/{chat_id}",
    tag,
    summary: "Chat over a socket: send, cancel, approve, follow",
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
    summary: "A session with its newest 200 messages",
    auth: "user",
    params: ChatParams,
    response: Chat,
    errors: ["not_found"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/chat/{chat_id}",
    tag,
    summary: "Rename, pin or archive a session",
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
    summary: "Files and conversation as before a message; can be redone",
    auth: "user",
    status: 202,
    params: ChatParams,
    body: Type.Object({ message_id: Uuid }),
    response: Type.Object({ task_id: Uuid, status_url: Type.String() }),
    errors: ["not_found", "snapshot_not_ready", "project_busy", "snapshot_pending", "run_active"],
  }),
  redo: route({
    method: "POST",
    path: "/api/chat/{chat_id}/redo",
    tag,
    summary: "Takes the last restore of this conversation back",
    auth: "user",
    status: 202,
    params: ChatParams,
    response: Type.Object({ task_id: Uuid, status_url: Type.String() }),
    errors: ["not_found", "nothing_to_redo", "snapshot_not_ready", "project_busy", "snapshot_pending", "run_active"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/chat/{chat_id}",
    tag,
    summary: "Delete a session",
    auth: "user",
    status: 204,
    params: ChatParams,
    errors: ["not_found"],
  }),
  fork: route({
    method: "POST",
    path: "/api/chat/{chat_id}/fork",
    tag,
    summary: "A new session with everything up to and including a message; the files stay as they are",
    auth: "user",
    status: 201,
    params: ChatParams,
    body: Type.Object({ message_id: Uuid, title: Maybe(Type.String({ maxLength: 255 })) }),
    response: Chat,
    errors: ["not_found"],
  }),
  estimate: route({
    method: "POST",
    path: "/api/chat/estimate",
    tag,
    summary: "What a message would take and cost, before it is sent",
    auth: "user",
    body: Type.Object({
      project_id: ProjectRef,
      chat_id: Maybe(Uuid),
      agent_id: Maybe(Type.String({ maxLength: 100 })),
      model: Maybe(Type.String({ maxLength: 200 })),
      message: Type.String({ maxLength: 200_000 }),
      max_cost_cents: Maybe(CostLimit(1_000_000)),
    }),
    response: CostEstimate,
    errors: ["not_found", "unknown_model", "model_not_configured", "agent_not_owned", "closed_source", "agent_not_runnable"],
  }),
  compact: route({
    method: "POST",
    path: "/api/chat/{chat_id}/compact",
    tag,
    summary: "Let a summary stand for what was said so far, to make room in the model's window; charged as usage",
    auth: "user",
    params: ChatParams,
    body: Type.Object({ model: Maybe(Type.String({ maxLength: 200 })) }),
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
    summary: "Forget what was said in a session: messages, questions, to-dos",
    auth: "user",
    params: ChatParams,
    response: Type.Object({ deleted_count: Type.Integer() }),
    errors: ["not_found", "chat_busy"],
  }),
};

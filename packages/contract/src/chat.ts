import { ModelOverride } from "./model-choice.ts";
import {
  described,
  StartedTask,
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
import { maxAttachments, maxMentions, Mention, MessageAttachment } from "./attachments.ts";
import { EditMode } from "./edit-mode.ts";
import { Reasoning } from "./reasoning.ts";
import { Workspace } from "./workspace.ts";
import { PendingApproval, PendingQuestion, RunEvent, TranscriptEvent } from "./events.ts";
import { Todo } from "./plan.ts";
import { AuthenticatedFrame, AuthFrame, ErrorFrame, PingFrame, PongFrame } from "./sockets.ts";

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

const inAnyCase = (word: string): string => [...word].map((letter) => `[${letter.toUpperCase()}${letter}]`).join("");

export const SendMessage = Type.Object({
  project_id: ProjectRef,
  message: described("Required unless there are attachments", Type.String({ maxLength: 10_000 })),
  attachments: described(
    "Ids of your attachments of this project, in display order",
    Maybe(Type.Array(Uuid, { maxItems: maxAttachments })),
  ),
  mentions: Maybe(Type.Array(Mention, { maxItems: maxMentions })),
  details: described(
    "Material for the agent, such as the stack of an error. The chat shows it collapsed below the message",
    Maybe(Type.String({ maxLength: 20_000 })),
  ),
  agent_id: Maybe(Type.String({ maxLength: 100 })),
  container_id: Maybe(Uuid),
  chat_id: described(
    "The chat that the message continues. Absent: your chat of the project that was used last, or a new one if there is none; with `POST /api/external/agent/invoke` always a new one",
    Maybe(Uuid),
  ),
  max_iterations: Maybe(Type.Integer({ minimum: 1 })),
  max_cost_cents: described("Cost limit of this run in cents. The server's own limits apply as well", Maybe(CostLimit(1_000_000))),
  edit_mode: Type.Optional(EditMode),
  view_context: Maybe(Type.String({ pattern: `^(${["graph", "builder", "terminal", "kanban"].map(inAnyCase).join("|")})$` })),
  model: described("Replaces the agent's model for this run, e.g. `openai/gpt-5.1`", Maybe(Type.String({ maxLength: 200 }))),
  reasoning: described(
    "How much the model thinks. Absent: as in the last run of the chat; null: the agent's level (`config.reasoning`), or the model's default. Levels that the model does not have (`reasoning` of `GET /api/marketplace/models`) are ignored",
    Maybe(Reasoning),
  ),
  workspace: described(
    [
      "Where the run works. Unless a run of another chat is changing the project's files, every value except `branch` means the project's files. While one is:",
      "- `project`: in the same files.",
      "- `branch`: in a copy of the project (`/api/projects/{id}/branches`), which the chat keeps until it is merged or discarded. The copy has the files as they are at that moment, unfinished edits of the other run included.",
      "- `wait`: in the project's files when the other runs have ended. Until then the message is in the queue of its chat; `POST /api/external/agent/invoke` answers 409 `run_active` instead.",
      "- absent: as the project's setting `parallel_runs` says; if that is `ask`, the same as `project`.",
      "- `ask`: as the setting says; if that is `ask`, 409 `workspace_required`, and if it is `wait`, 409 `run_active`.",
      "",
      "A chat that has a branch works in it, whatever this says. Runs in mode `plan` change no files: they never wait and are never refused.",
    ].join("\n"),
    Maybe(Workspace),
  ),
});
export type SendMessage = Static<typeof SendMessage>;
export const ApprovalResponse = Literals("allow_once", "allow_all", "deny", "stop");
export type ApprovalResponse = Static<typeof ApprovalResponse>;

export const AnswerQuestion = described(
  "The answer to a `question_asked`: `choices` (labels), `text` or both for a question, `value` for a secret, or `declined`. A `value` is stored encrypted and appears nowhere else.",
  Type.Object({
    question_id: Uuid,
    choices: Type.Optional(Type.Array(Type.String({ maxLength: 120 }), { maxItems: 6 })),
    text: Maybe(Type.String({ maxLength: 4_000 })),
    value: Maybe(Type.String({ maxLength: 65_536 })),
    declined: Type.Optional(Type.Boolean()),
  }),
);
export type AnswerQuestion = Static<typeof AnswerQuestion>;

export const CostEstimate = described(
  "Expected tokens and cost of a message. `cost_limit_cents` is a hard limit, the rest are estimates.",
  Type.Object({
    model: Type.String(),
    tokens_in: Type.Integer(),
    context_window: Type.Integer(),
    likely_tokens_in: Type.Integer(),
    likely_tokens_out: Type.Integer(),
    likely_cost_cents: ModelCost,
    own_key_cents: described("With your own key nothing is charged: the likely cost at list prices", Nullable(ModelCost)),
    cost_limit_cents: described("The run pauses at this cost; null: no limit", Nullable(ModelCost)),
    is_byok: Type.Boolean(),
    is_price_known: described(
      "False: the model has no list price, and both costs are at the server's default price (`unknown` of the price table)",
      Type.Boolean(),
    ),
    basis: described("From your own last runs, or from typical ones", Literals("your_runs", "usual")),
  }),
);
export type CostEstimate = Static<typeof CostEstimate>;
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
export const CancelStatus = Type.Object({ status: Literals("cancellation_requested", "not_running"), task_id: Nullable(Uuid) });
export const CancelStatusFrame = Type.Object({ type: Type.Literal("cancel_status"), data: CancelStatus });

const ChatParams = Type.Object({ chat_id: Uuid });

export const chatRoutes = {
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
  stream: route({
    method: "POST",
    path: "/api/chat/stream",
    tag,
    summary: "Send message",
    description:
      "Sends a message and streams the run as server-sent events: text, tool calls, approvals, file changes, cost, then `complete` and `done`. Everything that can be refused is refused before the stream starts, with nothing stored. With the workspace `wait` the stream begins when the run starts; if the queued message is removed before that, it ends without events. The run belongs to the server: it continues if the client disconnects; follow it again at `GET /api/chat/agent/events/{task_id}`. Model calls cost credits unless your own key is used; `max_cost_cents` caps the run.",
    auth: "user",
    keys: "run",
    kind: "sse",
    body: SendMessage,
    events: RunEvent,
    errors: [
      "not_found",
      "chat_busy",
      "workspace_required",
      "run_active",
      "branch_limit_reached",
      "project_busy",
      "queue_full",
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
    tag: "runs",
    summary: "Cancel run",
    description: "Requests that a run stops, by `task_id` or `chat_id`. What it has written stays.",
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
  approval: route({
    method: "POST",
    path: "/api/chat/agent/approval",
    tag: "runs",
    summary: "Answer approval request",
    description:
      "Allows a tool call once or for the whole chat, denies it, or stops the run. Requests wait for a limited time (event `approval_required`).",
    auth: "user",
    keys: "run",
    body: Type.Object({ approval_id: Uuid, response: ApprovalResponse, note: Maybe(Type.String({ maxLength: 2000 })) }),
    response: Type.Object({ approval_id: Uuid, response: ApprovalResponse }),
    errors: ["not_found", "already_answered"],
  }),
  answer: route({
    method: "POST",
    path: "/api/chat/agent/answer",
    tag: "runs",
    summary: "Answer question",
    description:
      "Answers a question of the agent, or provides the secret it requests. A secret is stored encrypted in the project and never shown to the model.",
    auth: "user",
    keys: "run",
    body: AnswerQuestion,
    response: Type.Object({ question_id: Uuid, outcome: Literals("answered", "declined") }),
    errors: ["not_found", "already_answered", "invalid_secret", "reserved_key", "secret_limit_reached"],
  }),
  retry: route({
    method: "POST",
    path: "/api/chat/agent/retry",
    tag: "runs",
    summary: "Retry model call",
    description:
      "Ends the wait of a call to a model that failed (`model_retry`): the call is repeated at once, or made to `model` instead, which also takes its further attempts. The next call of the run starts with the run's own model again. 409 if the call does not wait.",
    auth: "user",
    keys: "run",
    body: Type.Object({
      task_id: Uuid,
      retry_id: Type.String({ minLength: 1, maxLength: 64 }),
      model: Maybe(Type.String({ minLength: 1, maxLength: 200 })),
    }),
    response: Type.Object({ retry_id: Type.String(), status: Literals("retry_requested") }),
    errors: ["not_found", "not_waiting", "unknown_model", "model_not_configured", "insufficient_credits"],
  }),
  stopCommand: route({
    method: "POST",
    path: "/api/chat/agent/stop-command",
    tag: "runs",
    summary: "Stop command",
    description:
      "Stops a command that a run executes, in the foreground or in the background. The run continues, and the agent learns that a person stopped the command. Commands that have ended are not found.",
    auth: "user",
    keys: "run",
    body: Type.Object({ task_id: Uuid, command_id: Type.String({ minLength: 1, maxLength: 40 }) }),
    response: Type.Object({ command_id: Type.String(), status: Literals("stop_requested") }),
    errors: ["not_found"],
  }),
  active: route({
    method: "GET",
    path: "/api/chat/agent/active",
    tag: "runs",
    summary: "Get active run",
    description: "The run that is in progress in a project or chat, to follow it again after a reload.",
    auth: "user",
    query: Type.Object({ project_id: ProjectRef, chat_id: Type.Optional(Uuid) }),
    response: Type.Object({ active: Nullable(ActiveRun) }),
    errors: ["not_found"],
  }),
  runEvents: route({
    method: "GET",
    path: "/api/chat/agent/events/{task_id}",
    tag: "runs",
    summary: "Stream run events",
    description:
      "Replays the events of a run and follows it until it ends. Resume with `Last-Event-ID` (or `last_event_id`); answers 204 if the client already received the end.",
    requestHeaders: ["Last-Event-ID"],
    hasEnd: true,
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
    tag: "runs",
    summary: "Resume run",
    description:
      "Continues a run that was interrupted, paused at a limit, or ended with an error, with the same message and a new task. `model` replaces the run's model. The run keeps its edit mode, so an API key needs the edit mode `allow`.",
    auth: "user",
    keys: "run",
    impersonation: true,
    status: 202,
    body: Type.Object({ task_id: Uuid, model: Maybe(Type.String({ minLength: 1, maxLength: 200 })) }),
    response: StartedTask,
    errors: ["not_found", "not_resumable", "chat_busy", "closed_source", "unknown_model", "model_not_configured"],
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
  estimate: route({
    method: "POST",
    path: "/api/chat/estimate",
    tag: "runs",
    summary: "Estimate cost",
    description: "Tokens of the message's first model call, and the likely cost of the run. An estimate; `cost_limit_cents` is a hard cap.",
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

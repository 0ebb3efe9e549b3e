import {
  CostLimit,
  described,
  Literals,
  Maybe,
  ModelCost,
  Nullable,
  ProjectRef,
  StartedTask,
  Timestamp,
  Type,
  Uuid,
  type Static,
} from "./schema.ts";
import { maxAttachments, maxMentions, Mention } from "./attachments.ts";
import { EditMode } from "./edit-mode.ts";
import { RunEvent } from "./run-events.ts";
import { Reasoning } from "./reasoning.ts";
import { Workspace } from "./workspace.ts";
import { route } from "./route.ts";

const tag = "runs";

export const ActiveRun = Type.Object({ task_id: Uuid, chat_id: Uuid, message: Type.String(), started_at: Timestamp });
export type ActiveRun = Static<typeof ActiveRun>;

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

export const CancelStatus = Type.Object({ status: Literals("cancellation_requested", "not_running"), task_id: Nullable(Uuid) });

/** Runs of the agent: a message starts one, which is then followed, answered, stopped or resumed. */
export const runRoutes = {
  stream: route({
    method: "POST",
    path: "/api/chat/stream",
    tag: "chat",
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
    tag,
    summary: "Cancel run",
    description: "Requests that a run stops, by `task_id` or `chat_id`. What it has written stays.",
    auth: "user",
    keys: "run",
    body: Type.Object({ task_id: Maybe(Uuid), chat_id: Maybe(Uuid) }),
    response: CancelStatus,
    errors: ["not_found", "bad_request"],
  }),
  approval: route({
    method: "POST",
    path: "/api/chat/agent/approval",
    tag,
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
    tag,
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
    tag,
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
    tag,
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
    tag,
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
    tag,
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
    tag,
    summary: "Resume run",
    description:
      "Continues a run that was interrupted, paused at a limit, or ended with an error, with the same message and a new task. `model` and `edit_mode` replace those of the run. An API key needs the edit mode `allow`.",
    auth: "user",
    keys: "run",
    impersonation: true,
    status: 202,
    body: Type.Object({
      task_id: Uuid,
      model: Maybe(Type.String({ minLength: 1, maxLength: 200 })),
      edit_mode: described("Absent: as before", Type.Optional(EditMode)),
    }),
    response: StartedTask,
    errors: ["not_found", "not_resumable", "chat_busy", "closed_source", "unknown_model", "model_not_configured"],
  }),
  estimate: route({
    method: "POST",
    path: "/api/chat/estimate",
    tag,
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
};

import {
  asStored,
  described,
  extend,
  JsonObject,
  Literals,
  ModelCost,
  Nullable,
  Timestamp,
  Type,
  Uuid,
  type Static,
  type TSchema,
} from "./schema.ts";
import { EditMode } from "./edit-mode.ts";
import { eventUnion, type EventFrame } from "./event-frame.ts";
import { Evidence } from "./evidence.ts";
import { Plan, Todo } from "./plan.ts";
import { Reasoning } from "./reasoning.ts";

export const ToolCall = Type.Object({ name: Type.String(), parameters: JsonObject });
export const ToolImage = described(
  "An image of a tool result, reduced to what models take. `GET /api/chat/attachments/{id}` returns it.",
  Type.Object({
    id: Uuid,
    name: described("The path of a file, or what a screenshot shows", Type.String()),
    mime_type: described("`image/png` or `image/jpeg`", Type.String()),
    width: described("In pixels", Nullable(Type.Integer())),
    height: Nullable(Type.Integer()),
  }),
);
export type ToolImage = Static<typeof ToolImage>;
export const ToolResult = described(
  "The result of a tool call; `error` is set on failure.",
  Type.Object({
    success: Type.Boolean(),
    tool: Type.Optional(Type.String()),
    result: Type.Optional(JsonObject),
    error: Type.Optional(Type.String()),
    images: described(
      "Models with vision get them, too. The oldest of a project are deleted above 100 MiB",
      Type.Optional(Type.Array(ToolImage)),
    ),
  }),
);
export type ToolResult = Static<typeof ToolResult>;

export const AgentStep = described(
  "A turn of the model that called tools, with their results. The last turn of a run usually calls none and has no step: its text is in `text_chunk` and in `final_response`.",
  Type.Object({
    iteration: Type.Integer(),
    thought: described("The model's reasoning, if it is visible", Nullable(Type.String())),
    tool_calls: Type.Array(ToolCall),
    tool_results: Type.Array(ToolResult),
    response_text: Type.String(),
    timestamp: Timestamp,
    is_complete: Type.Boolean(),
  }),
);
export type AgentStep = Static<typeof AgentStep>;

export const CompletionReason = Literals(
  "no_more_actions",
  "task_complete_signal",
  "user_stopped",
  "cancelled",
  "approval_timeout",
  "resource_limit_exceeded",
  "credits_exhausted",
  "credit_deduction_failed",
  "error",
  "max_iterations",
  "interrupted",
  "in_progress",
);
export type CompletionReason = Static<typeof CompletionReason>;

export const ElementEditRecord = described(
  "A visual edit of an element, with what undoes it.",
  Type.Object({
    id: Uuid,
    element: described("Its tag", Type.String()),
    property: described("`text`, `classes` or the name of an attribute", Type.String()),
    target: described("Edits with the same target in quick succession are one", Type.String()),
    line: Type.Integer(),
    start: described("Offset of `after` in the file, in UTF-16 units", Type.Integer()),
    before: Type.String(),
    after: Type.String(),
    hash: described("Of the file's text after the edit (`textHash`)", Type.String()),
    supersedes: described("The `seq` of the event that this one continues", Type.Optional(Type.Integer())),
    undoes: described("The edit that this one undoes", Type.Optional(Uuid)),
  }),
);
export type ElementEditRecord = Static<typeof ElementEditRecord>;

export const FileChanged = Type.Object({
  path: Type.String(),
  op: Literals("add", "update", "delete", "move"),
  new_path: Type.Optional(Type.String()),
  diff: Type.Optional(Type.String()),
  size: Type.Optional(Type.Integer()),
  etag: Type.Optional(Type.String()),
  is_directory: Type.Optional(Type.Boolean()),
  by: described(
    "`user`: through the API. `agent`: by a tool. `process`: seen by the file watcher",
    Type.Optional(Literals("user", "agent", "process")),
  ),
  branch_id: described("The run works in this branch: the file of the project is not changed", Type.Optional(Uuid)),
  edit: Type.Optional(ElementEditRecord),
});
export const ApprovalRequired = Type.Object({
  approval_id: Uuid,
  tool_name: Type.String(),
  tool_parameters: JsonObject,
  tool_description: Type.String(),
  expires_at: described("Without an answer the run ends then. Absent in runs of earlier versions", Type.Optional(Timestamp)),
});
export const ApprovalResolved = Type.Object({
  approval_id: Uuid,
  response: Type.String(),
  note: Nullable(Type.String()),
  by: Nullable(Type.String()),
  at: Timestamp,
});
/** A question of the agent during a run. The answer goes to `POST /api/chat/agent/answer`. */
const questionFields = {
  question_id: Uuid,
  tool_name: Type.String(),
  expires_at: described("The run continues without an answer then. Absent in runs of earlier versions", Type.Optional(Timestamp)),
};
const Question = Type.Object({
  ...questionFields,
  kind: Type.Literal("question"),
  question: Type.String(),
  choices: described("At most 6", Type.Array(Type.Object({ label: Type.String(), description: Type.Optional(Type.String()) }))),
  is_multiple: Type.Boolean(),
  allows_text: Type.Boolean(),
});
/** The value becomes a secret of the project and is never shown to the model. */
const SecretRequest = Type.Object({
  ...questionFields,
  kind: Type.Literal("secret"),
  secret_key: Type.String(),
  reason: Type.String(),
  container: described("Name of the container that needs it", Nullable(Type.String())),
});
export const QuestionAsked = Type.Union([Question, SecretRequest]);
export type QuestionAsked = Static<typeof QuestionAsked>;

const pendingFields = { task_id: Uuid, created_at: Timestamp, expires_at: described("An answer is accepted until then", Timestamp) };
export const PendingApproval = described(
  "A tool call that waits for a decision: `POST /api/chat/agent/approval`.",
  extend(ApprovalRequired, pendingFields),
);
export type PendingApproval = Static<typeof PendingApproval>;
export const PendingQuestion = described(
  "A question, or a request for a secret, that waits for an answer: `POST /api/chat/agent/answer`.",
  Type.Union([extend(Question, pendingFields), extend(SecretRequest, pendingFields)]),
);
export type PendingQuestion = Static<typeof PendingQuestion>;
export const QuestionResolved = Type.Object({
  question_id: Uuid,
  outcome: described(
    "`cancelled`, `expired`: the run ended or was interrupted before an answer",
    Literals("answered", "declined", "timeout", "cancelled", "expired"),
  ),
  choices: described("Labels of the chosen options", Type.Array(Type.String())),
  text: Nullable(Type.String()),
  by: Nullable(Type.String()),
  at: Timestamp,
});
export type QuestionResolved = Static<typeof QuestionResolved>;

export const SubagentCall = Type.Object({ name: Type.String(), parameters: JsonObject, success: Type.Boolean(), message: Type.String() });
export const SubagentStep = described(
  "One step of a sub-agent.",
  Type.Object({ iteration: Type.Integer(), text: Type.String(), tool_calls: Type.Array(SubagentCall) }),
);
export type SubagentStep = Static<typeof SubagentStep>;
export const SubagentEvent = described(
  "Progress of a sub-agent. `call` is the `invoke_subagent` call it answers: the run's iteration and the index in its batch.",
  Type.Object({
    agent_id: Type.String(),
    name: Type.String(),
    call: Type.Object({ iteration: Type.Integer(), index: Type.Integer() }),
    kind: Literals("started", "text", "tool_started", "step", "finished"),
    task: described("Only with `started`", Type.Optional(Type.String())),
    is_resumed: Type.Optional(Type.Boolean()),
    content: described("Only with `text`", Type.Optional(Type.String())),
    iteration: described("Only with `tool_started` and `step`: the sub-agent's own step", Type.Optional(Type.Integer())),
    tools: described("Only with `tool_started`", Type.Optional(Type.Array(ToolCall))),
    text: described("Only with `step`", Type.Optional(Type.String())),
    tool_calls: Type.Optional(Type.Array(SubagentCall)),
    success: described("Only with `finished`", Type.Optional(Type.Boolean())),
    message: Type.Optional(Type.String()),
    iterations: Type.Optional(Type.Integer()),
    tool_calls_made: Type.Optional(Type.Integer()),
    duration_ms: Type.Optional(Type.Integer()),
  }),
);
export type SubagentEvent = Static<typeof SubagentEvent>;

const CommandStarted = described(
  "A command runs in the background, or takes longer than a second. `call` is the tool call that started it: the iteration and the index in its batch.",
  Type.Object({
    command_id: Type.String(),
    command: Type.String(),
    is_background: Type.Boolean(),
    call: Type.Object({ iteration: Type.Integer(), index: Type.Integer() }),
    agent_id: described("The sub-agent that started it; then `call` is the sub-agent's own", Type.Optional(Type.String())),
  }),
);
const CommandEnded = Type.Object({
  command_id: Type.String(),
  exit_code: described("Null if the command did not end by itself", Nullable(Type.Integer())),
  reason: described(
    "`stopped`: by the agent. `run_ended`: commands end with their run",
    Literals("exited", "timed_out", "stopped", "stopped_by_person", "run_ended"),
  ),
  duration_ms: Type.Integer(),
  is_output_cut: described("The command printed more than `command_output` has", Type.Boolean()),
});

/** What failed in a call to a model. */
export const ModelErrorKind = described(
  "`refused`: the provider rejects this request. `network`: it could not be reached or the connection broke. `unreadable`: its response is empty or does not follow its protocol",
  Literals("auth", "quota", "rate_limit", "overloaded", "context", "not_found", "refused", "network", "unreadable"),
);
export type ModelErrorKind = Static<typeof ModelErrorKind>;

export const ModelRetry = described(
  "A call to the model failed before anything of its answer, and is repeated: `waiting`, then `retrying`. A later event with the same `retry_id` replaces the earlier one. A person can end the wait with `POST /api/chat/agent/retry`. Waits count toward the time limit of the run.",
  Type.Object({
    retry_id: described("Of the call: the same for all of its attempts", Type.String()),
    iteration: Type.Integer(),
    status: Literals("waiting", "retrying"),
    attempt: described("Of the call to come: 2 for the first retry", Type.Integer()),
    of: described("The last attempt", Type.Integer()),
    until: described("When the call is repeated", Timestamp),
    model: described("The model that failed, or with `retrying` the one that is called now", Type.String()),
    message: described("What failed, as a sentence", Type.String()),
    kind: Type.Optional(ModelErrorKind),
    reason: described("The provider's own message, redacted. Untrusted text", Type.Optional(Type.String())),
    agent_id: described("The sub-agent that made the call", Type.Optional(Type.String())),
  }),
);
export type ModelRetry = Static<typeof ModelRetry>;

export const FinalResponse = described(
  "The text of the last turn. If the run failed: what that turn had written, then the message of the error",
  Type.String(),
);
const knownAtEnd = "Known when the run has ended; not updated while it is active";
const toolCallsMade =
  "Tool calls that ran. Calls that a person denied, that the mode refused or that name no tool do not count; what a resumed run did before counts whole";
/** Of a run that may be active. */
export const FinalToolCallsMade = described(`${toolCallsMade}. ${knownAtEnd}`, Type.Integer());
export const FinalIterations = described(knownAtEnd, Type.Integer());

export const runEventData = {
  task_started: Type.Object({
    chat_id: Uuid,
    message_id: Uuid,
    agent_id: Nullable(Uuid),
    model: Type.String(),
    edit_mode: described("Absent in runs of earlier versions", Type.Optional(EditMode)),
    reasoning: described("Absent: the model's default", Type.Optional(Reasoning)),
    branch_id: described("The branch in which the run works. Absent: in the project's files", Type.Optional(Uuid)),
    goes_on_after: described("Set if the run continues an earlier answer: its last step", Type.Optional(Type.Integer())),
  }),
  text_chunk: Type.Object({ content: Type.String(), iteration: Type.Integer() }),
  tool_progress: described(
    "What the model writes into the arguments of a tool call, at most every 100 ms. Each event replaces the one before it of the same `index`, and `tool_started` of the iteration replaces them all. Transcripts have only what is not replaced",
    Type.Object({
      iteration: Type.Integer(),
      index: described("Place of the call in its batch", Type.Integer()),
      name: Type.String(),
      path: described("The file, once the model has written its path", Type.Optional(Type.String())),
      lines: described("Lines of the text so far", Type.Integer()),
      chars: described("Characters of the text so far", Type.Integer()),
      tail: described("The end of the text, at most 2,000 characters", Type.String()),
      agent_id: described("The sub-agent that makes the call; then `iteration` is the sub-agent's own", Type.Optional(Type.String())),
    }),
  ),
  reasoning_chunk: described(
    "The model's reasoning, in pieces like its text. The `thought` of the step is all of its iteration",
    Type.Object({ content: Type.String(), iteration: Type.Integer() }),
  ),
  tool_started: Type.Object({ iteration: Type.Integer(), tools: Type.Array(ToolCall), timestamp: Timestamp }),
  approval_required: ApprovalRequired,
  approval_resolved: ApprovalResolved,
  question_asked: QuestionAsked,
  question_resolved: QuestionResolved,
  file_changed: FileChanged,
  command_started: CommandStarted,
  command_output: described(
    "Output of a command as it was printed, with the terminal's colors, in order; at most 64 KiB per command. Background commands run in a terminal, so their lines end with `\\r\\n`. Untrusted text: do not render as HTML",
    Type.Object({ command_id: Type.String(), content: Type.String() }),
  ),
  command_ended: CommandEnded,
  agent_step: AgentStep,
  subagent_event: SubagentEvent,
  credits_used: Type.Object({
    cost_total_cents: ModelCost,
    credits_deducted: Type.Integer(),
    new_balance: Nullable(Type.Integer()),
    usage_log_id: Nullable(Uuid),
    is_byok: Type.Boolean(),
    tokens_in: Type.Optional(Type.Integer()),
    tokens_out: Type.Optional(Type.Integer()),
    tokens_cached: Type.Optional(Type.Integer()),
    model: Type.Optional(Type.String()),
    purpose: Type.Optional(Literals("turn", "compaction", "subagent", "title", "commit_message", "probe")),
    context_window: Type.Optional(Type.Integer()),
  }),
  evidence_added: Evidence,
  todo_updated: Type.Object({ todos: Type.Array(Todo) }),
  plan_updated: described("Sent when the agent or a person changed the plan", Type.Object({ chat_id: Uuid, plan: Nullable(Plan) })),
  steered: described(
    "The run read a message that was sent during it, before the model call of this iteration",
    Type.Object({ id: Uuid, message: Type.String(), iteration: Type.Integer(), at: Timestamp }),
  ),
  notice: described(
    "Information that is not an error, e.g. that packages are installed or another model answers",
    Type.Object({ level: Literals("info", "warning"), message: Type.String() }),
  ),
  compacted: described(
    "Older messages were replaced by a summary for the model; people still see all of them. Sent by a run, or after the last one when a person compacts the chat",
    Type.Object({
      replaced: described("Messages that the summary replaces: of people, answers and tool results", Type.Integer()),
      kept: described("Messages after them that stay", Type.Integer()),
      tokens_before: Type.Integer(),
      tokens_after: described("Estimated", Type.Integer()),
      summary: Type.String(),
    }),
  ),
  model_retry: ModelRetry,
  complete: Type.Object({
    success: Type.Boolean(),
    iterations: Type.Integer(),
    final_response: FinalResponse,
    tool_calls_made: described(toolCallsMade, Type.Integer()),
    completion_reason: CompletionReason,
    error: Type.Optional(Type.String()),
    session_id: Type.Optional(Type.String()),
    changes: described(
      "Size of the run's change set; absent if no checkpoint was kept before it",
      Type.Optional(Type.Object({ files: Type.Integer(), additions: Type.Integer(), deletions: Type.Integer() })),
    ),
    resource_stats: Type.Optional(
      Type.Object({
        cost_cents: ModelCost,
        cost_limit_cents: Nullable(ModelCost),
        own_key_cents: described("Cost of calls with your own key at list prices; not charged", Type.Optional(ModelCost)),
        iterations: Type.Integer(),
        iteration_limit: Nullable(Type.Integer()),
        tokens_in: Type.Integer(),
        tokens_out: Type.Integer(),
        duration_ms: Type.Integer(),
        tokens_cached: Type.Optional(Type.Integer()),
        context_used: described("Tokens of the conversation in the model's context window", Type.Optional(Nullable(Type.Integer()))),
        context_window: Type.Optional(Type.Integer()),
      }),
    ),
  }),
  error: Type.Object({
    message: Type.String(),
    code: described(
      "`insufficient_credits`. `model_auth_failed`: the provider refused the key. `rate_limited`: the provider had too many requests. `model_error`: another failure of the model, see `kind`. `interrupted`: the server stopped; the run can be resumed. `internal_error`: anything else",
      Type.String(),
    ),
    kind: described("Set if the model's provider failed", Type.Optional(ModelErrorKind)),
  }),
  done: Type.Object({ error: Type.Optional(Type.String()) }),
};

/** One event of a run: `seq` grows by one per task, from 1. */
export type RunEvent = EventFrame<typeof runEventData, { seq: number; task_id: string }>;
export type RunEventType = keyof typeof runEventData;
export type RunEventData<T extends RunEventType> = Static<(typeof runEventData)[T]>;
export const RunEvent = eventUnion(runEventData, { seq: Type.Integer(), task_id: Uuid }) as TSchema as ReturnType<
  typeof Type.Unsafe<RunEvent>
>;

/** An event of a run as it is kept with its message, with the time at which it was stored. */
export type TranscriptEvent = EventFrame<typeof runEventData, { seq: number; task_id: string; ts: string }>;
export const TranscriptEvent = asStored(
  eventUnion(runEventData, { seq: Type.Integer(), task_id: Uuid, ts: Timestamp }, ["seq", "task_id", "ts"]) as TSchema as ReturnType<
    typeof Type.Unsafe<TranscriptEvent>
  >,
);

import { DeploymentStatus } from "./deployments.ts";
import { Evidence } from "./evidence.ts";
import { ModelCost, JsonObject, Literals, Nullable, Timestamp, Type, Uuid, type Static, type TSchema } from "./schema.ts";
import { Plan, Todo } from "./plan.ts";
import { Task } from "./tasks.ts";

/** The agent's events, spelled and ordered as agent-git-deploy 3.7 says. */
const ToolCall = Type.Object({ name: Type.String(), parameters: JsonObject });
/** agent-git-deploy 4.6: `error` is always set on failure. */
export const ToolResult = Type.Object({
  success: Type.Boolean(),
  tool: Type.Optional(Type.String()),
  result: Type.Optional(JsonObject),
  error: Type.Optional(Type.String()),
});
export type ToolResult = Static<typeof ToolResult>;

export const AgentStep = Type.Object({
  iteration: Type.Integer(),
  thought: Nullable(Type.String()),
  tool_calls: Type.Array(ToolCall),
  tool_results: Type.Array(ToolResult),
  response_text: Type.String(),
  timestamp: Timestamp,
  is_complete: Type.Boolean(),
});
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

export const FileChanged = Type.Object({
  path: Type.String(),
  op: Literals("add", "update", "delete", "move"),
  new_path: Type.Optional(Type.String()),
  diff: Type.Optional(Type.String()),
  size: Type.Optional(Type.Integer()),
  etag: Type.Optional(Type.String()),
  is_directory: Type.Optional(Type.Boolean()),
  /** `user` through the API, `agent` through a tool, `process` seen by the watcher. */
  by: Type.Optional(Literals("user", "agent", "process")),
});
export const ApprovalRequired = Type.Object({
  approval_id: Uuid,
  tool_name: Type.String(),
  tool_parameters: JsonObject,
  tool_description: Type.String(),
});
export const ApprovalResolved = Type.Object({
  approval_id: Uuid,
  response: Type.String(),
  note: Nullable(Type.String()),
  by: Nullable(Type.String()),
  at: Timestamp,
});
/** What the agent asks of the person in the middle of a run (4.11 for the waiting). The answer goes to `POST /api/chat/agent/answer`. */
const asked = { question_id: Uuid, tool_name: Type.String() };
export const QuestionAsked = Type.Union([
  Type.Object({
    ...asked,
    kind: Type.Literal("question"),
    question: Type.String(),
    /** At most 6. */
    choices: Type.Array(Type.Object({ label: Type.String(), description: Type.Optional(Type.String()) })),
    is_multiple: Type.Boolean(),
    allows_text: Type.Boolean(),
  }),
  /** The value becomes a secret of the project and is told to nobody. */
  Type.Object({
    ...asked,
    kind: Type.Literal("secret"),
    secret_key: Type.String(),
    reason: Type.String(),
    /** The container that needs it, by name. */
    container: Nullable(Type.String()),
  }),
]);
export type QuestionAsked = Static<typeof QuestionAsked>;
export const QuestionResolved = Type.Object({
  question_id: Uuid,
  /** `cancelled`, `expired`: the run ended or was interrupted before there was an answer. */
  outcome: Literals("answered", "declined", "timeout", "cancelled", "expired"),
  /** Labels. */
  choices: Type.Array(Type.String()),
  text: Nullable(Type.String()),
  by: Nullable(Type.String()),
  at: Timestamp,
});
export type QuestionResolved = Static<typeof QuestionResolved>;

const SubagentCall = Type.Object({ name: Type.String(), parameters: JsonObject, success: Type.Boolean(), message: Type.String() });
/** One turn of a sub-agent, as its `step` tells it and as `activity` of the call's result keeps it. */
export const SubagentStep = Type.Object({ iteration: Type.Integer(), text: Type.String(), tool_calls: Type.Array(SubagentCall) });
export type SubagentStep = Static<typeof SubagentStep>;
/** What a sub-agent does (agent-git-deploy 4.13). `call` is the `invoke_subagent` it answers: the run's turn, and the place in its batch. */
export const SubagentEvent = Type.Object({
  agent_id: Type.String(),
  name: Type.String(),
  call: Type.Object({ iteration: Type.Integer(), index: Type.Integer() }),
  kind: Literals("started", "text", "tool_started", "step", "finished"),
  /** Of `started`. */
  task: Type.Optional(Type.String()),
  is_resumed: Type.Optional(Type.Boolean()),
  /** Of `text`. */
  content: Type.Optional(Type.String()),
  /** Of `tool_started` and `step`: the sub-agent's own turn. */
  iteration: Type.Optional(Type.Integer()),
  /** Of `tool_started`. */
  tools: Type.Optional(Type.Array(ToolCall)),
  /** Of `step`. */
  text: Type.Optional(Type.String()),
  tool_calls: Type.Optional(Type.Array(SubagentCall)),
  /** Of `finished`. */
  success: Type.Optional(Type.Boolean()),
  message: Type.Optional(Type.String()),
  iterations: Type.Optional(Type.Integer()),
  tool_calls_made: Type.Optional(Type.Integer()),
  duration_ms: Type.Optional(Type.Integer()),
});
export type SubagentEvent = Static<typeof SubagentEvent>;

const runEventData = {
  task_started: Type.Object({
    chat_id: Uuid,
    message_id: Uuid,
    agent_id: Nullable(Uuid),
    model: Type.String(),
    /** It goes on with the same answer, behind the turns up to this one. */
    goes_on_after: Type.Optional(Type.Integer()),
  }),
  text_chunk: Type.Object({ content: Type.String(), iteration: Type.Integer() }),
  tool_started: Type.Object({ iteration: Type.Integer(), tools: Type.Array(ToolCall), timestamp: Timestamp }),
  approval_required: ApprovalRequired,
  approval_resolved: ApprovalResolved,
  question_asked: QuestionAsked,
  question_resolved: QuestionResolved,
  file_changed: FileChanged,
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
    purpose: Type.Optional(Literals("turn", "compaction", "subagent", "title", "probe")),
    context_window: Type.Optional(Type.Integer()),
  }),
  evidence_added: Evidence,
  todo_updated: Type.Object({ todos: Type.Array(Todo) }),
  /** By the agent within a run, by a person outside of one. */
  plan_updated: Type.Object({ chat_id: Uuid, plan: Nullable(Plan) }),
  /** The run heard something that a person said meanwhile, before the model call of this iteration. */
  steered: Type.Object({ id: Uuid, message: Type.String(), iteration: Type.Integer(), at: Timestamp }),
  /** Something to know that is no failure. In a run (with its `task_id`): packages are installed, another model answers. */
  notice: Type.Object({ level: Literals("info", "warning"), message: Type.String() }),
  complete: Type.Object({
    success: Type.Boolean(),
    iterations: Type.Integer(),
    final_response: Type.String(),
    tool_calls_made: Type.Integer(),
    completion_reason: CompletionReason,
    error: Type.Optional(Type.String()),
    session_id: Type.Optional(Type.String()),
    /** Of the run's change set; absent when no files were kept before it. */
    changes: Type.Optional(Type.Object({ files: Type.Integer(), additions: Type.Integer(), deletions: Type.Integer() })),
    resource_stats: Type.Optional(
      Type.Object({
        cost_cents: ModelCost,
        cost_limit_cents: Nullable(ModelCost),
        /** Of calls with the caller's own key, at list prices: nothing of it is charged here. */
        own_key_cents: Type.Optional(ModelCost),
        iterations: Type.Integer(),
        iteration_limit: Nullable(Type.Integer()),
        tokens_in: Type.Integer(),
        tokens_out: Type.Integer(),
        duration_ms: Type.Integer(),
        tokens_cached: Type.Optional(Type.Integer()),
        /** Tokens that the conversation takes of the model's window. */
        context_used: Type.Optional(Nullable(Type.Integer())),
        context_window: Type.Optional(Type.Integer()),
      }),
    ),
  }),
  error: Type.Object({ message: Type.String(), code: Type.String() }),
  done: Type.Object({ error: Type.Optional(Type.String()) }),
};

/** What the preview bridge saw in the running app (README rule 14). Hostile input: show as text only. */
export const PreviewReport = Type.Object({
  container_id: Uuid,
  kind: Literals("navigation", "error", "console", "request"),
  url: Type.Optional(Type.String()),
  level: Type.Optional(Literals("log", "info", "warn", "error", "debug")),
  message: Type.Optional(Type.String()),
  stack: Type.Optional(Type.String()),
  source: Type.Optional(Type.String()),
  line: Type.Optional(Type.Integer()),
  column: Type.Optional(Type.Integer()),
  method: Type.Optional(Type.String()),
  status: Type.Optional(Type.Integer()),
  duration_ms: Type.Optional(Type.Integer()),
});
export type PreviewReport = Static<typeof PreviewReport>;

/** Who or what stopped a project: its owner, want of visitors, want of memory, another project that took its place, or an administrator. */
export const StopReason = Literals("user", "idle", "memory", "limit", "admin");
export type StopReason = Static<typeof StopReason>;

export const ContainerStatus = Literals("stopped", "starting", "running", "frozen", "failed", "connected");
const projectEventData = {
  container_status: Type.Object({
    container_id: Uuid,
    name: Type.String(),
    status: ContainerStatus,
    url: Nullable(Type.String()),
    port: Type.Optional(Type.Integer()),
    exit_code: Type.Optional(Nullable(Type.Integer())),
    message: Type.Optional(Type.String()),
    last_lines: Type.Optional(Type.Array(Type.String())),
    /** How often it was started again since it last ran for a while. */
    restarts: Type.Optional(Type.Integer()),
    /** When it is started again by itself; absent: it stays as it is. */
    restart_at: Type.Optional(Timestamp),
  }),
  project_status: Type.Object({
    environment_status: Type.String(),
    name: Type.Optional(Type.String()),
    stop_reason: Type.Optional(Nullable(StopReason)),
    is_deployed: Type.Optional(Type.Boolean()),
  }),
  /** Names only. Running containers see the change after a restart. */
  secrets_changed: Type.Object({ keys: Type.Array(Type.String()) }),
  preview_report: PreviewReport,
  /** An error of a build or a program in a container's output; `place` is `path:line:column` in the tree. Hostile input: show as text only. */
  log_problem: Type.Object({
    container_id: Uuid,
    message: Type.String(),
    place: Type.Optional(Type.String()),
    lines: Type.Array(Type.String()),
  }),
  /** Something of the canvas was added, changed or taken away by somebody: what is shown of it is to be read again. */
  graph_changed: Type.Object({
    part: Literals("container", "connection", "preview"),
    op: Literals("add", "update", "delete"),
    id: Uuid,
  }),
  /** Things on the canvas were moved or sized. */
  positions_changed: Type.Object({
    containers: Type.Array(Type.Object({ id: Uuid, position_x: Type.Number(), position_y: Type.Number() })),
    previews: Type.Array(
      Type.Object({
        id: Uuid,
        position_x: Type.Number(),
        position_y: Type.Number(),
        width: Nullable(Type.Number()),
        height: Nullable(Type.Number()),
      }),
    ),
  }),
  task_update: Task,
  /** Something of the board changed: read it again. */
  board_changed: Type.Object({
    subject: Literals("column", "card", "comment"),
    id: Uuid,
    op: Literals("created", "updated", "moved", "deleted"),
    /** The card of a comment. */
    card_id: Type.Optional(Uuid),
    user_id: Nullable(Uuid),
  }),
  /** Messages that wait in a session changed: read them again. */
  queue_changed: Type.Object({ chat_id: Uuid }),
  /** The repository changed through the API: what is shown of it is to be read again. */
  git_changed: Type.Object({}),
  /** A deployment began, went on, ended or went; `target_changed` is about targets on the canvas. Lines of its log come on its own stream. */
  deployment_changed: Type.Object({
    id: Uuid,
    op: Literals("add", "update", "delete"),
    status: Type.Optional(DeploymentStatus),
    /** Name of the step that began: "Build". */
    step: Type.Optional(Type.String()),
  }),
  target_changed: Type.Object({ id: Uuid, op: Literals("add", "update", "delete") }),
  /** A session was given a name by its model. */
  chat_title: Type.Object({ chat_id: Uuid, title: Type.String() }),
  notes_changed: Type.Object({ etag: Type.String(), user_id: Nullable(Uuid) }),
  /** A snapshot or checkpoint came, changed or went: read the lists again. */
  snapshot_changed: Type.Object({ kind: Literals("snapshot", "checkpoint"), op: Literals("add", "update", "delete"), id: Uuid }),
};

const union = <const D extends Record<string, TSchema>>(data: D, frame: Record<string, TSchema>) =>
  Type.Unsafe<{ [K in keyof D]: { type: K; data: Static<D[K]> } }[keyof D]>({
    oneOf: Object.entries(data).map(([type, schema]) => ({
      type: "object",
      required: ["seq", "type", "data"],
      properties: { ...frame, type: { type: "string", const: type }, data: schema },
    })),
  });

type Frame<D extends Record<string, TSchema>, F> = { [K in keyof D]: F & { type: K; data: Static<D[K]> } }[keyof D];

/** One event of a run: `seq` grows by one per task, from 1. */
export type RunEvent = Frame<typeof runEventData, { seq: number; task_id: string }>;
export type RunEventType = keyof typeof runEventData;
export type RunEventData<T extends RunEventType> = Static<(typeof runEventData)[T]>;
export const RunEvent = union(runEventData, { seq: Type.Integer(), task_id: Uuid }) as TSchema as ReturnType<typeof Type.Unsafe<RunEvent>>;

/** One event of a project's stream: `seq` grows per project; events of runs carry their `task_id` and `task_seq`. */
export type ProjectEvent = Frame<
  typeof projectEventData & typeof runEventData,
  { seq: number; ts: string; task_id?: string; task_seq?: number }
>;
export type ProjectEventType = ProjectEvent["type"];
export type ProjectEventData<T extends keyof (typeof projectEventData & typeof runEventData)> = Static<
  (typeof projectEventData & typeof runEventData)[T]
>;
export const ProjectEvent = union(
  { ...projectEventData, ...runEventData },
  {
    seq: Type.Integer(),
    ts: Timestamp,
    task_id: Uuid,
    task_seq: Type.Integer(),
  },
) as TSchema as ReturnType<typeof Type.Unsafe<ProjectEvent>>;

import { SendMessage } from "./chat-runs.ts";
import { FinalIterations, FinalResponse, FinalToolCallsMade, PendingApproval, PendingQuestion, RunEvent } from "./run-events.ts";
import { route } from "./route.ts";
import { described, extend, Literals, Maybe, Nullable, Timestamp, Type, Uuid, type Static } from "./schema.ts";

const tag = "external";

export const InvokeAgent = described(
  "A message from a program. Without `chat_id` each call starts a new chat.",
  extend(SendMessage, {
    webhook_callback_url: Maybe(
      Type.String({ maxLength: 2000, pattern: "^https?://", description: "Receives one signed POST when the run has ended" }),
    ),
    webhook_secret: Maybe(
      Type.String({
        minLength: 24,
        maxLength: 200,
        description: "Signs that request. Absent: generated, and returned only once",
      }),
    ),
  }),
);
export type InvokeAgent = Static<typeof InvokeAgent>;

export const WebhookDelivery = described(
  "Delivery of the call to `webhook_callback_url`. `waiting`: the run is active. `due`: being delivered, or retried.",
  Type.Object({
    status: Literals("waiting", "due", "delivered", "failed"),
    attempts: Type.Integer(),
    last_error: Nullable(Type.String()),
    delivered_at: Nullable(Timestamp),
  }),
);
export type WebhookDelivery = Static<typeof WebhookDelivery>;

export const ExternalRun = Type.Object({
  task_id: Uuid,
  chat_id: Uuid,
  project_id: Uuid,
  status: Literals("queued", "running", "waiting_approval", "completed", "failed", "cancelled"),
  completion_reason: Nullable(Type.String({ description: "As in the event `complete`; null while the run is active" })),
  final_response: Nullable(FinalResponse),
  iterations: FinalIterations,
  tool_calls_made: FinalToolCallsMade,
  error: Nullable(Type.String()),
  pending_approval: described(
    "What the run waits for in the status `waiting_approval`: an approval, or a question or a secret (then it has `kind`)",
    Type.Union([PendingApproval, PendingQuestion, Type.Null()]),
  ),
  continued_as: described("The run was interrupted and continues as this task", Nullable(Uuid)),
  webhook: Nullable(WebhookDelivery),
  created_at: Timestamp,
  started_at: Nullable(Timestamp),
  completed_at: Nullable(Timestamp),
});
export type ExternalRun = Static<typeof ExternalRun>;

const RunParams = Type.Object({ task_id: Uuid });

/** Operations for programs: a session is refused with 401. */
export const externalRoutes = {
  invoke: route({
    method: "POST",
    path: "/api/external/agent/invoke",
    tag,
    summary: "Start run",
    description:
      "Starts a run by API key. Without `chat_id` it starts a new chat. The edit mode is at most that of the key. With `webhook_callback_url` a signed request reports the end of the run.",
    auth: "user",
    keys: "run",
    status: 202,
    body: InvokeAgent,
    response: Type.Object({
      task_id: Uuid,
      status_url: Type.String(),
      events_url: Type.String(),
      chat_id: Uuid,
      webhook_secret: Nullable(Type.String()),
    }),
    errors: [
      "not_found",
      "scope_missing",
      "chat_busy",
      "workspace_required",
      "run_active",
      "branch_limit_reached",
      "project_busy",
      "insufficient_credits",
      "agent_not_owned",
      "closed_source",
      "agent_not_runnable",
      "unknown_model",
      "model_not_configured",
      "vision_not_supported",
      "outbound_refused",
      "rate_limited",
    ],
  }),
  events: route({
    method: "GET",
    path: "/api/external/agent/events/{task_id}",
    tag,
    summary: "Stream run events (API key)",
    description:
      "Replays the events of a run and follows it until it ends. Resume with `Last-Event-ID` (or `last_event_id`); answers 204 if the client already received the end.",
    requestHeaders: ["Last-Event-ID"],
    hasEnd: true,
    auth: "user",
    keys: "run",
    kind: "sse",
    params: RunParams,
    query: Type.Object({ last_event_id: Type.Optional(Type.Integer({ minimum: 0 })) }),
    events: RunEvent,
    errors: ["not_found", "scope_missing"],
  }),
  status: route({
    method: "GET",
    path: "/api/external/agent/status/{task_id}",
    tag,
    summary: "Get run status",
    description: "Status, result and webhook delivery of a run.",
    auth: "user",
    keys: "run",
    params: RunParams,
    response: ExternalRun,
    errors: ["not_found", "scope_missing"],
  }),
};

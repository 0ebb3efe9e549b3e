import { SendMessage } from "./chat.ts";
import { RunEvent } from "./events.ts";
import { route } from "./route.ts";
import { extend, JsonObject, Literals, Maybe, Nullable, Timestamp, Type, Uuid, type Static } from "./schema.ts";

const tag = "external";

/** A message from a program. Without `chat_id` each call begins a session of its own, with origin `api`. */
export const InvokeAgent = extend(SendMessage, {
  webhook_callback_url: Maybe(
    Type.String({ maxLength: 2000, pattern: "^https?://", description: "Told once when the run has ended (agent-git-deploy 4.16)" }),
  ),
  webhook_secret: Maybe(
    Type.String({
      minLength: 24,
      maxLength: 200,
      description: "Signs that call; absent: a fresh one, shown in this answer and nowhere else",
    }),
  ),
});
export type InvokeAgent = Static<typeof InvokeAgent>;

/** How the call to `webhook_callback_url` fares. `waiting`: the run goes on. `due`: being told, or told again after a failure. */
export const WebhookDelivery = Type.Object({
  status: Literals("waiting", "due", "delivered", "failed"),
  attempts: Type.Integer(),
  last_error: Nullable(Type.String()),
  delivered_at: Nullable(Timestamp),
});
export type WebhookDelivery = Static<typeof WebhookDelivery>;

export const ExternalRun = Type.Object({
  task_id: Uuid,
  chat_id: Uuid,
  project_id: Uuid,
  status: Literals("queued", "running", "waiting_approval", "completed", "failed", "cancelled"),
  completion_reason: Nullable(Type.String({ description: "As in the event `complete`; null while it goes on" })),
  final_response: Nullable(Type.String()),
  iterations: Type.Integer(),
  tool_calls_made: Type.Integer(),
  error: Nullable(Type.String()),
  pending_approval: Nullable(JsonObject),
  /** The server stopped in between and the run went on as another task. */
  continued_as: Nullable(Uuid),
  webhook: Nullable(WebhookDelivery),
  created_at: Timestamp,
  started_at: Nullable(Timestamp),
  completed_at: Nullable(Timestamp),
});
export type ExternalRun = Static<typeof ExternalRun>;

const RunParams = Type.Object({ task_id: Uuid });

/** Runs by personal API key (agent-git-deploy 10, 4.16). A session is not enough here: 401. */
export const externalRoutes = {
  invoke: route({
    method: "POST",
    path: "/api/external/agent/invoke",
    tag,
    summary: "Start a run by API key; the edit mode is the key's or a lower one",
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
      "insufficient_credits",
      "agent_not_owned",
      "closed_source",
      "agent_not_runnable",
      "unknown_model",
      "model_not_configured",
      "outbound_refused",
      "rate_limited",
    ],
  }),
  events: route({
    method: "GET",
    path: "/api/external/agent/events/{task_id}",
    tag,
    summary: "Replay and follow a run's events by API key",
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
    summary: "Where a run stands, by API key",
    auth: "user",
    keys: "run",
    params: RunParams,
    response: ExternalRun,
    errors: ["not_found", "scope_missing"],
  }),
};

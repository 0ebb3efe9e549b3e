import { TranscriptEvent } from "./run-events.ts";
import { ItemParams } from "./marketplace.ts";
import { AgentDetail } from "./marketplace-agents.ts";
import { route } from "./route.ts";
import { described, listOf, Nullable, Timestamp, Type, Uuid, type Static } from "./schema.ts";

const tag = "marketplace-agents";
const path = "/api/marketplace/agents/{id}/recorded-run";

const shared = {
  message: described("What the run was asked to do", Type.String()),
  model: Type.String(),
  ran_at: Timestamp,
  duration_ms: Nullable(Type.Integer()),
};
export const RecordedRun = described(
  "A run of an agent that its page shows. `events` are those of the run, without pictures, approvals, costs and the ids of its chat. Untrusted text: do not render as HTML.",
  Type.Object({
    ...shared,
    is_example: described(
      "An example that comes with the server: the model's texts were written in advance, the tool calls, changes and outputs are real. `model` is empty.",
      Type.Boolean(),
    ),
    events: Type.Array(TranscriptEvent),
  }),
);
export type RecordedRun = Static<typeof RecordedRun>;
export const RecordableRun = described(
  "A run of your own that the page of your agent can show.",
  Type.Object({ task_id: Uuid, ...shared, project_name: Type.String() }),
);
export type RecordableRun = Static<typeof RecordableRun>;

export const recordedRunsRoutes = {
  get: route({
    method: "GET",
    path,
    tag,
    summary: "Get recorded run",
    description:
      "The run that the page of an agent shows: one that its creator chose, or the example of an official agent. 404 if there is none.",
    auth: "optional",
    params: ItemParams,
    response: RecordedRun,
    errors: ["not_found", "rate_limited"],
  }),
  set: route({
    method: "PUT",
    path,
    tag,
    summary: "Set recorded run",
    description:
      "Shows a run of yours on the page of your agent, with its message, texts, changes and outputs; everyone who sees the agent can read them. The run is copied, so deleting its project does not change it. 422 for a run that did not succeed, is larger than 1 MiB, or contains a key of a known kind.",
    auth: "user",
    keys: false,
    params: ItemParams,
    body: Type.Object({ task_id: Uuid }),
    response: AgentDetail,
    errors: ["not_found", "forbidden", "rate_limited"],
  }),
  remove: route({
    method: "DELETE",
    path,
    tag,
    summary: "Delete recorded run",
    description: "Removes the recorded run from the page of your agent. The run itself stays in its chat.",
    auth: "user",
    keys: false,
    params: ItemParams,
    response: AgentDetail,
    errors: ["not_found", "forbidden"],
  }),
  candidates: route({
    method: "GET",
    path: "/api/marketplace/agents/{id}/recordable-runs",
    tag,
    summary: "List recordable runs",
    description: "Your newest 20 successful runs with your agent.",
    auth: "user",
    keys: false,
    params: ItemParams,
    response: listOf(RecordableRun),
    errors: ["not_found", "forbidden"],
  }),
};

import { route } from "./route.ts";
import { described, JsonObject, Nullable, Timestamp, Type, type Static } from "./schema.ts";

const tag = "marketplace-agents";
/** `new`, or the agent that is edited. */
const DraftParams = Type.Object({
  ref: Type.String({ minLength: 1, maxLength: 120, description: "`new`, or the UUID or slug of the agent that you edit" }),
});
export const AgentDraft = described(
  "What you changed of an agent and did not save yet. `draft` is the form as the web UI keeps it; null without one.",
  Type.Object({ draft: Nullable(JsonObject), updated_at: Nullable(Timestamp) }),
);
export type AgentDraft = Static<typeof AgentDraft>;

export const agentDraftsRoutes = {
  get: route({
    method: "GET",
    path: "/api/agent-drafts/{ref}",
    tag,
    summary: "Get agent draft",
    description: "Your unsaved changes to an agent, or to a new one. They are the same in every browser.",
    auth: "user",
    keys: false,
    params: DraftParams,
    response: AgentDraft,
    errors: ["not_found"],
  }),
  save: route({
    method: "PUT",
    path: "/api/agent-drafts/{ref}",
    tag,
    summary: "Save agent draft",
    description: "Replaces your draft; null deletes it. At most 256 KiB. The agent itself is not changed.",
    auth: "user",
    keys: false,
    params: DraftParams,
    body: Type.Object({ draft: Nullable(JsonObject) }),
    response: AgentDraft,
    errors: ["not_found"],
  }),
};

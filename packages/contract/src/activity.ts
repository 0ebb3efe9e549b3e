import { described, Literals, Nullable, ProjectParams, Timestamp, Type, Uuid, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "projects";

/**
 * Kinds of activity: file writes, commands, runs, approvals, secrets, snapshots, starting and stopping, canvas, data in databases, board and notes, and
 * operations such as a deployment.
 */
export const activityKinds = [
  "write",
  "command",
  "run",
  "approval",
  "secret",
  "snapshot",
  "lifecycle",
  "graph",
  "data",
  "board",
  "operation",
] as const;
export const ActivityKind = Literals(...activityKinds);
export type ActivityKind = Static<typeof ActivityKind>;
/** A person, an agent, or the server itself. */
export const ActorKind = Literals("person", "agent", "system");
export type ActorKind = Static<typeof ActorKind>;

export const ActivityEntry = Type.Object({
  id: described("Unique within the project and stable", Type.String()),
  at: Timestamp,
  kind: ActivityKind,
  actor: Type.Object({
    kind: ActorKind,
    id: described("The person's or the agent's id; null if it no longer exists", Nullable(Uuid)),
    name: Type.String(),
  }),
  summary: described("What was done, in the past tense, without the actor", Type.String()),
  subject: described("The path, command or name. Untrusted text: do not render as HTML", Nullable(Type.String())),
  task_id: described("The run or operation it belongs to", Nullable(Uuid)),
});
export type ActivityEntry = Static<typeof ActivityEntry>;

/** Read from other records, 30 days back. */
export const activityRoutes = {
  list: route({
    method: "GET",
    path: "/api/projects/{id}/activity",
    tag,
    summary: "List activity",
    description: "Who did what in the project in the last 30 days, newest first: people, agents and the server.",
    auth: "user",
    params: ProjectParams,
    query: Type.Object({
      ...pageQuery,
      actor: Type.Optional(ActorKind),
      kind: Type.Optional(ActivityKind),
    }),
    response: listOf(ActivityEntry),
    errors: ["not_found"],
  }),
};

import { Literals, Nullable, ProjectParams, Timestamp, Type, Uuid, listOf, pageQuery, type Static } from "./schema.ts";
import { route } from "./route.ts";

const tag = "projects";

/** What kinds of doings there are: files, commands, runs of the agent, decisions, secrets, points in time, what runs, canvas, board and notes, and operations such as a deployment. */
export const activityKinds = ["write", "command", "run", "approval", "secret", "snapshot", "power", "graph", "board", "operation"] as const;
export const ActivityKind = Literals(...activityKinds);
export type ActivityKind = Static<typeof ActivityKind>;
/** A person, one of the agents, or the server by itself. */
export const ActorKind = Literals("person", "agent", "system");
export type ActorKind = Static<typeof ActorKind>;

export const ActivityEntry = Type.Object({
  /** Unique within the project, the same at every reading. */
  id: Type.String(),
  at: Timestamp,
  kind: ActivityKind,
  actor: Type.Object({
    kind: ActorKind,
    /** The person's or the agent's; null when it is not known any more. */
    id: Nullable(Uuid),
    name: Type.String(),
  }),
  /** What was done, in the past tense, without the actor. */
  summary: Type.String(),
  /** The path, the command, the names: as far as there is one. Hostile text: show as text only. */
  subject: Nullable(Type.String()),
  /** The run or operation it belongs to. */
  task_id: Nullable(Uuid),
});
export type ActivityEntry = Static<typeof ActivityEntry>;

/** Who or which agent did what in a project. Read from what is recorded anyway, 30 days back. */
export const activityRoutes = {
  list: route({
    method: "GET",
    path: "/api/projects/{id}/activity",
    tag,
    summary: "Who or which agent did what in the project, newest first",
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

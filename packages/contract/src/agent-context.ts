import { Nullable, ProjectParams, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";

/** Bytes of the rules that a page may write; the agent reads their first and last 4 000 characters. */
export const maxRulesBytes = 64 * 1024;
/** Bytes of the memory (agent-git-deploy 4.19). */
export const maxMemoryLength = 16 * 1024;

const named = { name: Type.String(), description: Type.String() };
/** Text the agent reads before every run; `etag` null: there is no such file yet. */
const AgentFile = Type.Object({ path: Type.String(), content: Type.String(), etag: Nullable(Type.String()) });
const FileInForce = Type.Object({ path: Type.String(), chars: Type.Integer(), is_cut: Type.Boolean() });

/** What the project tells its agents: rules, memory, skills and sub-agents (agent-git-deploy 4.13, 4.19; ui.md 49). `path` null: built in. */
export const AgentContext = Type.Object({
  rules: AgentFile,
  memory: AgentFile,
  skills: Type.Array(Type.Object({ ...named, path: Nullable(Type.String()) })),
  subagents: Type.Array(
    Type.Object({ ...named, path: Nullable(Type.String()), tools: Nullable(Type.Array(Type.String())), model: Nullable(Type.String()) }),
  ),
});
export type AgentContext = Static<typeof AgentContext>;

/** What was in force in one run, and what it looked at. */
export const RunContext = Type.Object({
  rules: Type.Array(FileInForce),
  memory: Nullable(FileInForce),
  skills: Type.Array(Type.String()),
  skills_loaded: Type.Array(Type.String()),
  subagents: Type.Array(Type.String()),
  subagents_used: Type.Array(Type.String()),
  /** In the order of the first reading. */
  files_read: Type.Array(Type.String()),
});
export type RunContext = Static<typeof RunContext>;

const written = (maxLength: number) =>
  Type.Optional(Type.Object({ content: Type.String({ maxLength }), etag: Nullable(Type.String({ maxLength: 200 })) }));

export const agentContextRoutes = {
  get: route({
    method: "GET",
    path: "/api/projects/{id}/agent-context",
    tag: "chat",
    summary: "What the project tells its agents: rules, memory, skills, sub-agents",
    auth: "user",
    params: ProjectParams,
    response: AgentContext,
    errors: ["not_found"],
  }),
  put: route({
    method: "PUT",
    path: "/api/projects/{id}/agent-context",
    tag: "chat",
    summary: "Write the rules or the memory; the etag read before guards against lost updates",
    auth: "user",
    params: ProjectParams,
    body: Type.Object({ rules: written(maxRulesBytes), memory: written(maxMemoryLength) }),
    response: AgentContext,
    errors: ["not_found", "etag_mismatch", "precondition_failed"],
  }),
  run: route({
    method: "GET",
    path: "/api/chat/runs/{task_id}/context",
    tag: "chat",
    summary: "The rules, skills and memory of a run, and the files it read",
    auth: "user",
    params: Type.Object({ task_id: Uuid }),
    response: RunContext,
    errors: ["not_found"],
  }),
};

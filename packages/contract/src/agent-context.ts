import { described, Nullable, ProjectParams, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";

/** Bytes of the rules that a page may write; the agent reads the first and last 4,000 characters. */
export const maxRulesBytes = 64 * 1024;
/** Bytes of the memory. */
export const maxMemoryLength = 16 * 1024;

const named = { name: Type.String(), description: Type.String() };
/** Text that the agent reads before every run; `etag` is null if there is no such file yet. */
const AgentFile = Type.Object({ path: Type.String(), content: Type.String(), etag: Nullable(Type.String()) });
const FileInForce = Type.Object({ path: Type.String(), chars: Type.Integer(), is_cut: Type.Boolean() });

export const AgentContext = described(
  "What the project gives its agents: rules, memory, skills and sub-agents. `path` is null for built-in ones.",
  Type.Object({
    rules: AgentFile,
    memory: AgentFile,
    skills: Type.Array(Type.Object({ ...named, path: Nullable(Type.String()) })),
    subagents: Type.Array(
      Type.Object({ ...named, path: Nullable(Type.String()), tools: Nullable(Type.Array(Type.String())), model: Nullable(Type.String()) }),
    ),
  }),
);
export type AgentContext = Static<typeof AgentContext>;

export const RunContext = described(
  "The context of a run: what applied to it and what it read.",
  Type.Object({
    rules: Type.Array(FileInForce),
    memory: Nullable(FileInForce),
    skills: Type.Array(Type.String()),
    skills_loaded: Type.Array(Type.String()),
    subagents: Type.Array(Type.String()),
    subagents_used: Type.Array(Type.String()),
    files_read: described("In the order in which they were first read", Type.Array(Type.String())),
  }),
);
export type RunContext = Static<typeof RunContext>;

const fileUpdate = (maxLength: number) =>
  Type.Optional(Type.Object({ content: Type.String({ maxLength }), etag: Nullable(Type.String({ maxLength: 200 })) }));

export const agentContextRoutes = {
  get: route({
    method: "GET",
    path: "/api/projects/{id}/agent-context",
    tag: "agent-context",
    summary: "Get agent context",
    description: "The rules, memory, skills and sub-agents that the project gives its agents.",
    auth: "user",
    params: ProjectParams,
    response: AgentContext,
    errors: ["not_found", "project_busy"],
  }),
  put: route({
    method: "PUT",
    path: "/api/projects/{id}/agent-context",
    tag: "agent-context",
    summary: "Update agent context",
    description: "Writes the rules or the memory. `etag` of the version you read prevents lost updates (412).",
    auth: "user",
    params: ProjectParams,
    body: Type.Object({ rules: fileUpdate(maxRulesBytes), memory: fileUpdate(maxMemoryLength) }),
    response: AgentContext,
    errors: ["not_found", "etag_mismatch", "precondition_failed", "project_busy"],
  }),
  run: route({
    method: "GET",
    path: "/api/chat/runs/{task_id}/context",
    tag: "agent-context",
    summary: "Get context of run",
    description: "The rules, skills and memory that a run used, and the files it read.",
    auth: "user",
    params: Type.Object({ task_id: Uuid }),
    response: RunContext,
    errors: ["not_found"],
  }),
};

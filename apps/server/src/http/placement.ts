import type { FastifyReply, FastifyRequest } from "fastify";
import type { RouteSpec } from "@tesslate/contract";
import type { Forwarding } from "./forwarding.ts";
import type { ProjectLookup } from "../platform/servers/index.ts";

/** A value of a request that names its project. */
type ProjectName = { kind: Parameters<ProjectLookup["find"]>[0]; from: "params" | "body"; name: string };

/**
 * Routes of a project that any server can serve: they read and write the database only, or start and stop runs, which are tasks. All other
 * routes of a project are served where its live state is.
 */
const anywhere = new Set([
  ...["get", "update", "histories"].map((name) => `projects.${name}`),
  ...["history", "stream", "cancel", "approval", "answer", "retry", "stopCommand", "active", "runEvents", "resume", "socket"].map(
    (name) => `chat.${name}`,
  ),
  ...["sessions", "createSession", "get", "transcript", "update"].map((name) => `chat.${name}`),
  ...["list", "picture"].map((name) => `evidence.${name}`),
  ...["status", "logs", "stream", "list"].map((name) => `deployments.${name}`),
  "agentContext.run",
  "cassettes.get",
  "mcp.create",
]);
const groupsAnywhere = new Set([
  "kanban",
  "notes",
  "plans",
  "queue",
  "attachments",
  "activity",
  "tasks",
  "external",
  "deploymentCredentials",
  "deploymentOauth",
  "podAccess",
  "adminWork",
  "recordedRuns",
]);

/** Of parameters, beside those of `/api/projects/{id}`. */
const kinds: Record<string, ProjectName["kind"]> = {
  project_id: "project",
  chat_id: "chat",
  task_id: "task",
  deployment_id: "deployment",
  session_id: "shell",
};

/** How the project of a route's requests is named; `undefined` when any server serves it. */
export function projectNameOf(name: string, { path, body }: Pick<RouteSpec, "path" | "body">): ProjectName | undefined {
  if (anywhere.has(name) || groupsAnywhere.has(name.split(".")[0] ?? "")) return undefined;
  if (path.startsWith("/api/projects/{id}")) return { kind: "project", from: "params", name: "id" };
  if (path.startsWith("/api/shell/sessions/{id}")) return { kind: "shell", from: "params", name: "id" };
  for (const [, parameter = ""] of path.matchAll(/\{([^}]+)\}/g)) {
    const kind = kinds[parameter];
    if (kind && !path.startsWith("/api/users/")) return { kind, from: "params", name: parameter };
  }
  const fields = (body as { properties?: object } | undefined)?.properties ?? {};
  for (const field of ["project_id", "chat_id", "task_id"] as const)
    if (field in fields) return { kind: kinds[field] ?? "project", from: "body", name: field };
  return undefined;
}

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
/** Hooks of a route that send its requests to the server of their project. */
export type PlaceRoute = (name: string, spec: RouteSpec) => { onRequest: Hook; preHandler?: Hook };

export function createPlaceRoute({ forwarding, lookup }: { forwarding: Forwarding; lookup: ProjectLookup }): PlaceRoute {
  const accept: Hook = async ({ raw }, reply) => forwarding.accept(raw, reply.raw);
  return (name, spec) => {
    const named = projectNameOf(name, spec);
    if (!named) return { onRequest: accept };
    const place: Hook = async (request, reply) => {
      const value = (request[named.from] as Record<string, unknown> | undefined)?.[named.name];
      const projectId = typeof value === "string" ? await lookup.find(named.kind, value) : undefined;
      if (projectId === undefined) return accept(request, reply);
      const ip = forwarding.forwardedIp(request.raw) ?? request.ip;
      const body = named.from === "body" ? JSON.stringify(request.body) : undefined;
      if (await forwarding.request(request.raw, reply.raw, { projectId, ip, body, requestId: request.id })) reply.hijack();
      return undefined;
    };
    return named.from === "params" ? { onRequest: place } : { onRequest: accept, preHandler: place };
  };
}

import { queryOptions } from "@tanstack/react-query";
import type { Contract, LibraryAgent } from "@tesslate/contract";
import type { Client } from "@tesslate/client/core";
import { isString, readStored, writeStored } from "../../lib/storage.ts";

type Api = Client<Contract>;

/** The caller's agents. */
export const libraryQuery = (api: Api) =>
  queryOptions({ queryKey: ["library", "agents"], queryFn: () => api.library.agents({ query: { limit: 500 } }), staleTime: 60_000 });
export const agentContextKey = (projectId: string) => ["agent-context", projectId] as const;
export const agentContextQuery = (api: Api, projectId: string) =>
  queryOptions({ queryKey: agentContextKey(projectId), queryFn: () => api.agentContext.get({ params: { id: projectId } }) });
/** The context of a run that has ended; it does not change. */
export const runContextQuery = (api: Api, taskId: string) =>
  queryOptions({
    queryKey: ["run-context", taskId],
    queryFn: () => api.agentContext.run({ params: { task_id: taskId } }),
    staleTime: Infinity,
  });

/** The agents that can be selected for a message. */
export const usableAgents = (agents: readonly LibraryAgent[]): LibraryAgent[] =>
  agents.filter((agent) => agent.is_enabled && !agent.is_admin_disabled);
/** The agent selected last in this project if it still exists, else the server's default. */
export const pickAgent = (agents: readonly LibraryAgent[], chosen: string | undefined): LibraryAgent | undefined =>
  agents.find((agent) => agent.slug === chosen) ?? agents.find((agent) => agent.slug === "tesslate-agent") ?? agents[0];

const choiceKey = (projectId: string) => `studio:agent:${projectId}`;
export const readAgentChoice = (projectId: string): string | undefined => readStored(localStorage, choiceKey(projectId), isString);
export const keepAgentChoice = (projectId: string, slug: string): void => writeStored(localStorage, choiceKey(projectId), slug);

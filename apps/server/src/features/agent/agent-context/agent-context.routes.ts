import { agentContextRoutes, type RunContext } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { AgentContexts } from "./agent-context.service.ts";

export function mountAgentContext(
  mount: Mount,
  { contexts, ofRun }: { contexts: AgentContexts; ofRun(userId: string, taskId: string): Promise<RunContext> },
): void {
  mount("agentContext", agentContextRoutes, {
    get: ({ user }, { params }) => contexts.get(user.id, params.id),
    put: ({ user }, { params, body }) => contexts.put(user.id, params.id, body),
    run: ({ user }, { params }) => ofRun(user.id, params.task_id),
  });
}

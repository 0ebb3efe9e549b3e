export { createAgentContexts } from "./agent-context.service.ts";
export { mountAgentContext } from "./agent-context.routes.ts";

export { createAgents, type Agents, type RunnableAgent } from "./agents.service.ts";
export { createAgentsStore } from "./agents.store.ts";

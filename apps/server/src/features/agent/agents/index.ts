export { agentAs, createAgents, type Agents, type RunnableAgent } from "./agents.service.ts";
export { officialAgents } from "./official-agents.ts";
export { createAgentsStore, deleteAgent, giveAwayAgentsOf, insertAgent, setEntryVersion, updateAgent } from "./agents.store.ts";
export { toolsOfFeature, featureKeys } from "./agents.features.ts";
export { mountAgents } from "./agents.routes.ts";
export { createToolCatalogue, type ToolSummary } from "./tool-catalogue.ts";
export { defaultAgentSlug } from "./official-agents.ts";
export type { AgentRow } from "../../../db/schema/agent/agents.ts";

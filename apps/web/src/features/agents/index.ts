export { AgentContextSections } from "./AgentContextSections.tsx";
export { AgentMenu } from "./AgentMenu.tsx";
export { keepAgentChoice, libraryQuery, runContextQuery } from "./agents.queries.ts";
export { type AgentChoice, useAgentChoice } from "./use-agent-choice.ts";

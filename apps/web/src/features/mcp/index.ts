export { Connectors } from "./Connectors.tsx";
export { mcpToolName } from "./mcp-tool-name.ts";

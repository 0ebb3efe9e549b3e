export { createMcpEndpoint } from "./mcp-endpoint.ts";
export { mountMcpEndpoint } from "./mcp-endpoint.routes.ts";
export { deploymentTools } from "./deployment-tools.ts";
export { fileTools } from "./file-tools.ts";
export { projectTools } from "./project-tools.ts";
export { runTools } from "./run-tools.ts";

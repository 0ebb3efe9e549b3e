export { createMcpConnector } from "./connector.ts";
export { createMcpTools } from "./mcp.tools.ts";
export { createMcp } from "./mcp.service.ts";
export { createMcpStore, type McpStore } from "./mcp.store.ts";
export { createMcpVault, mcpAccessAad, mcpOauthAad, type McpVault } from "./mcp.vault.ts";
export { createMcpOauth } from "./oauth.ts";
export { mountMcp } from "./mcp.routes.ts";
export { createTestMcpConnection } from "./test-connection.ts";

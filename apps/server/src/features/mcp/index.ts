export { createMcpLending } from "./lent-tools.ts";
export { createMcp } from "./mcp.service.ts";
export { createMcpStore } from "./mcp.store.ts";
export { createMcpVault, mcpAccessPlace, mcpOauthPlace } from "./mcp.vault.ts";
export { createMcpSignIns } from "./sign-in.ts";
export { mountMcp } from "./mcp.routes.ts";

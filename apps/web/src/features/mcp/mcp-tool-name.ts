/** Server and tool of a name like `mcp__docs__search`; `undefined` for built-in tools. */
export function mcpToolName(name: string): { server: string; tool: string } | undefined {
  const [, server, tool] = /^mcp__([a-z0-9-]+)__(.+)$/.exec(name) ?? [];
  return server && tool ? { server, tool } : undefined;
}

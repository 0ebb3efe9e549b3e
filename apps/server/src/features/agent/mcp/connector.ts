import type { Sandbox } from "@tesslate/runtime";
import type { McpServerRow } from "../../../db/schema/agent/mcp.ts";
import type { Outbound } from "../../../platform/outbound.ts";
import { connectMcp, type McpConnection, type McpLimits } from "./connection.ts";
import type { McpVault } from "./mcp.vault.ts";
import type { McpOauth } from "./oauth.ts";

export interface McpConnector {
  /** The configured limits. */
  limits: McpLimits;
  /** Connects with the stored access and tokens of the server. Throws `McpFailure`. */
  connect(
    row: McpServerRow,
    options: {
      /** Where a stdio server runs. */
      sandbox: Pick<Sandbox, "exec"> | undefined;
      /** Whether a stdio server is prevented from changing files. */
      isReadOnly?: boolean;
      limits?: McpLimits;
    },
  ): Promise<McpConnection>;
}

/** Opens connections to MCP servers. */
export const createMcpConnector = ({
  vault,
  signIns,
  outbound,
  limits,
  version,
}: {
  vault: McpVault;
  signIns: Pick<McpOauth, "of">;
  outbound: Outbound;
  limits: McpLimits;
  version: string;
}): McpConnector => ({
  limits,
  connect: (row, options) => connectMcp({ row, access: vault.open(row), outbound, limits, version, oauth: signIns.of(row), ...options }),
});

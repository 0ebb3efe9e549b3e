import type { McpServer } from "@tesslate/contract";
import type { Sandbox } from "@tesslate/runtime";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import { McpFailure } from "./connection.ts";
import type { McpConnector } from "./connector.ts";
import { presentServer, type Mcp } from "./mcp.service.ts";
import type { McpStore } from "./mcp.store.ts";

/** Includes downloading the program. */
const firstStartMs = 60_000;

export type TestMcpConnection = ReturnType<typeof createTestMcpConnection>;
/** Connects to a server now. `problem` of the result states a failure. */
export const createTestMcpConnection =
  ({
    store,
    mcp,
    connector,
    projects,
    limits,
  }: {
    store: McpStore;
    mcp: Pick<Mcp, "require">;
    connector: McpConnector;
    projects: {
      require(userId: string, ref: string): Promise<ProjectRow>;
      sandboxOf(project: ProjectRow): Promise<Sandbox>;
      keepAwake(projectId: string): Promise<() => void>;
    };
    limits: RateLimiter;
  }) =>
  async (userId: string, id: string, projectRef: string | undefined): Promise<McpServer> => {
    const row = await mcp.require(userId, id);
    await limits.count({ key: `mcp:test:${userId}`, max: 30, windowSeconds: 60 });
    const isProgram = row.transport === "stdio";
    const projectId = row.project_id ?? projectRef;
    const project = isProgram && projectId ? await projects.require(userId, projectId) : undefined;
    const release = project && (await projects.keepAwake(project.id));
    try {
      const sandbox = project && (await projects.sandboxOf(project));
      const connection = await connector.connect(row, {
        sandbox,
        ...(isProgram && { limits: { ...connector.limits, connectMs: Math.max(connector.limits.connectMs, firstStartMs) } }),
      });
      const listed = await connection.listTools().finally(() => connection.close());
      await store.note(id, { ...listed, tools_at: new Date().toISOString(), ...(row.auth === "needed" && { auth: "none" }) });
    } catch (error) {
      if (!(error instanceof McpFailure)) throw error;
      await store.note(id, { problem: error.message, ...(error.isUnauthorized && { auth: "needed" as const }) });
    } finally {
      release?.();
    }
    return presentServer(await mcp.require(userId, id));
  };

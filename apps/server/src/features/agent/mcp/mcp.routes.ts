import { mcpRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import { randomToken } from "../../../platform/crypto.ts";
import { AppError } from "../../../platform/errors.ts";
import type { Mcp } from "./mcp.service.ts";
import type { McpOauth } from "./oauth.ts";
import type { TestMcpConnection } from "./test-connection.ts";

const cookie = "tesslate_mcp_sign_in";

export function mountMcp(
  mount: Mount,
  { mcp, testConnection, signIns, isSecure }: { mcp: Mcp; testConnection: TestMcpConnection; signIns: McpOauth; isSecure: boolean },
): void {
  const cookieOptions = { path: "/api/mcp/oauth", httpOnly: true, sameSite: "lax", secure: isSecure } as const;
  mount("mcp", mcpRoutes, {
    list: ({ user }, { query }) => mcp.list(user.id, query),
    create: ({ user }, { body }) => mcp.create(user.id, body),
    update: ({ user }, { params, body }) => mcp.update(user.id, params.id, body),
    remove: ({ user }, { params }) => mcp.remove(user.id, params.id),
    test: ({ user }, { params, body }) => testConnection(user.id, params.id, body.project_id ?? undefined),
    authorize: async ({ user, setCookie }, { params }) => {
      const browser = randomToken();
      const authorize_url = await signIns.begin(await mcp.require(user.id, params.id), browser);
      setCookie(cookie, browser, { ...cookieOptions, maxAge: 600 });
      return { authorize_url };
    },
    forget: async ({ user }, { params }) => signIns.forget(await mcp.require(user.id, params.id)),
    callback: async ({ user, cookies, log, clearCookie }, { query }, { reply }) => {
      clearCookie(cookie, cookieOptions);
      const done = (outcome: string) => reply.code(303).redirect(`/settings/connectors?sign_in=${outcome}`, 303);
      const { code, state } = query;
      if (!code || !state) return done("refused");
      try {
        await signIns.finish({ code, state, browser: cookies[cookie] ?? "", userId: user?.id });
        return done("done");
      } catch (error) {
        if (!(error instanceof AppError)) log.warn({ err: error }, "sign-in at an MCP server failed");
        return done("failed");
      }
    },
  });
}

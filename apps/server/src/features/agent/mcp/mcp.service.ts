import { randomUUID } from "node:crypto";
import type { List, McpServer, McpServerChange, NewMcpServer } from "@tesslate/contract";
import { conflict, invalid, limitReached, notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { slugify } from "../../../platform/slug.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { McpStore } from "./mcp.store.ts";
import type { McpServerRow } from "../../../db/schema/agent/mcp.ts";
import type { McpVault } from "./mcp.vault.ts";

export interface McpOptions {
  store: McpStore;
  vault: McpVault;
  projects: { require(userId: string, ref: string): Promise<ProjectRow> };
  /** Throws `outbound_refused`. */
  checkUrl(url: string): Promise<unknown>;
  /** Called when values that must be redacted have changed. */
  secretsChanged(row: Pick<McpServerRow, "user_id" | "project_id">): Promise<void>;
  log: Logger;
}

const maxServers = 20;

export type Mcp = ReturnType<typeof createMcp>;
/** MCP servers of users. Secrets are write-only. */
export function createMcp({ store, vault, projects, checkUrl, secretsChanged, log }: McpOptions) {
  const require = async (userId: string, id: string): Promise<McpServerRow> => {
    const row = await store.find(userId, id);
    if (!row) throw notFound("MCP server");
    return row;
  };
  const taken = (slug: string) => conflict("conflict", `You already have a server with the slug ${slug}.`);
  const shownUrl = async (url: string): Promise<string> => {
    await checkUrl(url);
    const { origin, pathname } = new URL(url);
    return origin + pathname;
  };

  return {
    require,
    list: async (userId: string, query: PageQuery & { project_id?: string }): Promise<List<McpServer>> => {
      const project = query.project_id === undefined ? null : await projects.require(userId, query.project_id);
      const page = pageOf(query);
      const { rows, total } = await store.list(userId, project?.id ?? null, page);
      return page.envelope(rows.map(presentServer), total);
    },
    create: async (userId: string, body: NewMcpServer): Promise<McpServer> => {
      const project = body.project_id ? await projects.require(userId, body.project_id) : undefined;
      const isProgram = body.transport === "stdio";
      if (isProgram && !body.command) throw invalid(["body", "command"], "Enter the command to run", "missing");
      if (!isProgram && !body.url) throw invalid(["body", "url"], "Enter the server's URL", "missing");
      const shown_url = !isProgram && body.url ? await shownUrl(body.url) : null;
      const id = randomUUID();
      const access = {
        headers: body.headers ?? {},
        env: body.env ?? {},
        ...(shown_url !== null && body.url && { url: body.url }),
        ...(body.oauth_client && { oauth_client: body.oauth_client }),
      };
      const values = {
        id,
        user_id: userId,
        project_id: project?.id ?? null,
        name: body.name.trim(),
        transport: body.transport,
        shown_url,
        command: isProgram ? (body.command ?? null) : null,
        header_names: Object.keys(access.headers).sort(),
        env_names: Object.keys(access.env).sort(),
        encrypted_access: vault.seal(id, access),
        oauth_client_id: body.oauth_client?.client_id ?? null,
        trusts_read_only: body.trusts_read_only ?? false,
      };
      const slugs = body.slug ? [body.slug] : slugsFrom(body.name);
      for (const slug of slugs) {
        const row = await store.insert({ ...values, slug }, maxServers);
        if (row === "full")
          throw limitReached("mcp_limit_reached", `You have ${maxServers} servers here, the maximum. Remove one first.`, {
            used: maxServers,
            limit: maxServers,
          });
        if (row === "taken") continue;
        await secretsChanged(row);
        log.info({ user_id: userId, mcp_server_id: id, transport: row.transport }, "MCP server added");
        return presentServer(row);
      }
      throw taken(slugs[0] ?? "");
    },
    update: async (userId: string, id: string, change: McpServerChange): Promise<McpServer> => {
      const row = await require(userId, id);
      const access = vault.open(row);
      const { oauth_client: before, ...rest } = access;
      const oauth_client = change.oauth_client === undefined ? before : (change.oauth_client ?? undefined);
      const next = {
        ...rest,
        ...(oauth_client && { oauth_client }),
        headers: merged(access.headers, change.headers),
        env: merged(access.env, change.env),
        ...(change.url !== undefined && row.transport !== "stdio" && { url: change.url }),
      };
      const isElsewhere = next.url !== access.url;
      const changed = await store.update(id, {
        ...(change.name !== undefined && { name: change.name.trim() }),
        ...(change.slug !== undefined && { slug: change.slug }),
        ...(isElsewhere && next.url && { shown_url: await shownUrl(next.url) }),
        ...((isElsewhere || change.oauth_client !== undefined) && { encrypted_oauth: null, auth: "none" as const }),
        oauth_client_id: oauth_client?.client_id ?? null,
        ...(change.command !== undefined && row.transport === "stdio" && { command: change.command }),
        ...(change.is_enabled !== undefined && { is_enabled: change.is_enabled }),
        ...(change.trusts_read_only !== undefined && { trusts_read_only: change.trusts_read_only }),
        header_names: Object.keys(next.headers).sort(),
        env_names: Object.keys(next.env).sort(),
        encrypted_access: vault.seal(id, next),
        // With another URL or program, the known tools and the trust in them are no longer valid.
        ...((isElsewhere || change.command !== undefined) && { tools: [], tools_at: null, problem: null, trusts_read_only: false }),
      });
      if (changed === "taken") throw taken(change.slug ?? "");
      if (!changed) throw notFound("MCP server");
      if (isElsewhere || change.command !== undefined || changed.slug !== row.slug) await store.dropGrants(row);
      await secretsChanged(changed);
      return presentServer(changed);
    },
    remove: async (userId: string, id: string): Promise<void> => {
      const row = await store.remove(userId, id);
      if (!row) throw notFound("MCP server");
      await store.dropGrants(row);
      await secretsChanged(row);
      log.info({ user_id: userId, mcp_server_id: id }, "MCP server removed");
    },
  };
}

function merged(before: Record<string, string>, change: Record<string, string | null> | undefined): Record<string, string> {
  const all = Object.entries({ ...before, ...change });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null));
}

function slugsFrom(name: string): string[] {
  const base = slugify(name, 20) || "server";
  return [base, ...Array.from({ length: 8 }, (_, i) => `${base}-${i + 2}`)];
}

export const presentServer = ({
  encrypted_access: _access,
  encrypted_oauth: _oauth,
  user_id: _user,
  shown_url,
  tools,
  ...row
}: McpServerRow): McpServer => ({
  ...row,
  url: shown_url,
  tools: tools.map(({ name, title, description, is_read_only }) => ({ name, title, description, is_read_only })),
});

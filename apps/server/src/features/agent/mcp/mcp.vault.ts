import type { CryptoBox } from "../../../platform/crypto.ts";
import type { McpServerRow } from "../../../db/schema/agent/mcp.ts";

export const mcpAccessAad = (id: string): string => `mcp_servers/${id}/access`;
export const mcpOauthAad = (id: string): string => `mcp_servers/${id}/oauth`;

/** The secrets of a server; never returned by the API. */
export interface McpAccess {
  url?: string;
  headers: Record<string, string>;
  env: Record<string, string>;
  oauth_client?: { client_id: string; client_secret?: string | null };
}

export type McpVault = ReturnType<typeof createMcpVault>;
export function createMcpVault({ box }: { box: CryptoBox }) {
  const open = (row: Pick<McpServerRow, "id" | "encrypted_access">): McpAccess =>
    JSON.parse(box.open(row.encrypted_access, mcpAccessAad(row.id))) as McpAccess;
  const openOauth = <T>(row: Pick<McpServerRow, "id" | "encrypted_oauth">): T | undefined =>
    row.encrypted_oauth ? (JSON.parse(box.open(row.encrypted_oauth, mcpOauthAad(row.id))) as T) : undefined;
  return {
    open,
    openOauth,
    seal: (id: string, access: McpAccess): Buffer => box.seal(JSON.stringify(access), mcpAccessAad(id)),
    encryptOauth: (id: string, kept: object): Buffer => box.seal(JSON.stringify(kept), mcpOauthAad(id)),
    /** All secret values with their names, for redaction. */
    secretsOf: (row: McpServerRow): Record<string, string> => {
      const { url, headers, env, oauth_client } = open(row);
      const { tokens, client } =
        openOauth<{
          tokens?: { access_token: string; refresh_token?: string };
          client?: { client_secret?: string };
        }>(row) ?? {};
      const found: Record<string, string | undefined> = {
        ...headers,
        ...env,
        ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [`${name}-value`, /^\w+ +(\S+)$/.exec(value)?.[1]])),
        ...(url && Object.fromEntries(new URL(url).searchParams)),
        ACCESS_TOKEN: tokens?.access_token,
        REFRESH_TOKEN: tokens?.refresh_token,
        CLIENT_SECRET: client?.client_secret ?? oauth_client?.client_secret ?? undefined,
      };
      return Object.fromEntries(Object.entries(found).flatMap(([name, value]) => (value ? [[`${row.slug}/${name}`, value]] : [])));
    },
  };
}

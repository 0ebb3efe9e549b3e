import { auth, type OAuthClientProvider, type OAuthDiscoveryState } from "@modelcontextprotocol/sdk/client/auth.js";
import type { OAuthClientInformationMixed, OAuthTokens } from "@modelcontextprotocol/sdk/shared/auth.js";
import { hashToken, randomToken } from "../../../platform/crypto.ts";
import { AppError, badRequest, notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Outbound } from "../../../platform/outbound.ts";
import type { McpStore } from "./mcp.store.ts";
import type { McpServerRow } from "../../../db/schema/agent/mcp.ts";
import type { McpVault } from "./mcp.vault.ts";

/** The OAuth state of a server, stored encrypted. */
export interface McpSignIn {
  client?: OAuthClientInformationMixed;
  tokens?: OAuthTokens;
  discovery?: OAuthDiscoveryState;
  /** A sign-in in progress: single use, bound to the browser that started it. */
  pending?: { state_hash: string; browser_hash: string; verifier: string; expires_at: string };
}

const pendingMs = 10 * 60_000;
const timeoutMs = 10_000;
const maxBytes = 2 ** 20;

export type McpOauth = ReturnType<typeof createMcpOauth>;
/** OAuth 2.1 with PKCE for MCP servers, by the official SDK. Its state is stored encrypted, and its requests go through `outbound`. */
export function createMcpOauth({
  store,
  vault,
  outbound,
  redirectUrl,
  tokensChanged,
  log,
}: {
  store: McpStore;
  vault: McpVault;
  outbound: Outbound;
  redirectUrl: string;
  /** Called after new tokens are stored, so that they are redacted. */
  tokensChanged(row: McpServerRow): Promise<void>;
  log: Logger;
}) {
  const fetchFn = outbound.limited({ timeoutMs, maxBytes });
  const read = async (id: string): Promise<McpSignIn> => {
    const row = await store.findById(id);
    return (row && vault.openOauth<McpSignIn>(row)) ?? {};
  };
  const write = async (row: McpServerRow, change: Partial<McpSignIn>, state?: McpServerRow["auth"]): Promise<void> => {
    const next = { ...(await read(row.id)), ...change };
    for (const key of Object.keys(next) as (keyof McpSignIn)[]) if (next[key] === undefined) delete next[key];
    await store.setOauth(row.id, vault.encryptOauth(row.id, next), state);
  };

  const providerOf = (
    row: McpServerRow,
    flow: { state?: string; onRedirect?: (url: URL) => void; browserHash?: string; verifier?: string } = {},
  ): OAuthClientProvider => {
    let known: string | undefined;
    return {
      redirectUrl,
      clientMetadata: {
        client_name: "Tesslate Studio",
        redirect_uris: [redirectUrl],
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        token_endpoint_auth_method: "none",
      },
      state: () => flow.state ?? randomToken(),
      clientInformation: async () => (await read(row.id)).client,
      saveClientInformation: (client) => write(row, { client }),
      tokens: async () => {
        const { tokens } = await read(row.id);
        known = tokens?.access_token;
        return tokens;
      },
      saveTokens: async (tokens) => {
        await write(row, { tokens }, "authorized");
        await tokensChanged(row);
      },
      redirectToAuthorization: (url) => flow.onRedirect?.(url),
      saveCodeVerifier: async (verifier) => {
        if (!flow.state || !flow.browserHash) return;
        const expires_at = new Date(Date.now() + pendingMs).toISOString();
        await write(row, { pending: { state_hash: hashToken(flow.state), browser_hash: flow.browserHash, verifier, expires_at } });
      },
      codeVerifier: () => flow.verifier ?? "",
      saveDiscoveryState: (discovery) => write(row, { discovery }),
      discoveryState: async () => (await read(row.id)).discovery,
      invalidateCredentials: async (scope) => {
        const { tokens } = await read(row.id);
        // Another run may have refreshed them: keep those.
        const isOurs = tokens?.access_token === known;
        if (scope === "all") await write(row, { client: undefined, discovery: undefined, ...(isOurs && { tokens: undefined }) });
        else if (scope === "tokens" && isOurs) await write(row, { tokens: undefined });
        else if (scope === "client") await write(row, { client: undefined });
        else if (scope === "discovery") await write(row, { discovery: undefined });
      },
    };
  };
  const serverUrlOf = (row: McpServerRow): string => {
    const { url } = vault.open(row);
    if (!url) throw badRequest("Servers of type stdio have no sign-in.");
    return url;
  };

  return {
    /** A provider with stored tokens, which are refreshed when they expire; undefined without any. */
    of: (row: McpServerRow): OAuthClientProvider | undefined => (vault.openOauth<McpSignIn>(row)?.tokens ? providerOf(row) : undefined),
    /** The sign-in URL; null when the stored tokens are still valid. The callback must come from the same `browser`. */
    begin: async (row: McpServerRow, browser: string): Promise<string | null> => {
      const { oauth_client } = vault.open(row);
      if (oauth_client && (await read(row.id)).client?.client_id !== oauth_client.client_id) {
        const { client_id, client_secret } = oauth_client;
        await write(row, { client: { client_id, ...(client_secret && { client_secret }) } });
      }
      let target: URL | undefined;
      const provider = providerOf(row, {
        state: `${row.id}.${randomToken()}`,
        browserHash: hashToken(browser),
        onRedirect: (url) => (target = url),
      });
      try {
        const outcome = await auth(provider, { serverUrl: serverUrlOf(row), fetchFn });
        if (outcome === "AUTHORIZED") return null;
      } catch (error) {
        if (error instanceof AppError) throw error;
        log.warn({ err: error, mcp_server_id: row.id }, "sign-in at an MCP server not started");
        throw new AppError("bad_gateway", "The server's sign-in is not supported: it must offer OAuth with discovery.");
      }
      if (!target || !/^https?:$/.test(target.protocol)) throw new AppError("bad_gateway", "The server's sign-in URL is invalid.");
      return target.href;
    },
    /** Completes a sign-in. Throws for a state that is unknown, used, expired, or of another browser or user. */
    finish: async ({ state, code, browser, userId }: { state: string; code: string; browser: string; userId: string | undefined }) => {
      const id = /^([0-9a-f-]{36})\./.exec(state)?.[1];
      const row = id ? await store.findById(id) : undefined;
      const pending = row && vault.openOauth<McpSignIn>(row)?.pending;
      const isValid =
        pending !== undefined &&
        pending.state_hash === hashToken(state) &&
        pending.browser_hash === hashToken(browser) &&
        Date.parse(pending.expires_at) > Date.now() &&
        (userId === undefined || userId === row?.user_id);
      if (!row || !pending || !isValid) throw notFound("Sign-in");
      await write(row, { pending: undefined });
      await auth(providerOf(row, { verifier: pending.verifier }), { serverUrl: serverUrlOf(row), authorizationCode: code, fetchFn });
      await store.note(row.id, { problem: null });
      log.info({ user_id: row.user_id, mcp_server_id: row.id }, "signed in at an MCP server");
      return row;
    },
    forget: async (row: McpServerRow): Promise<void> => {
      await store.setOauth(row.id, null, "none");
      await tokensChanged(row);
    },
  };
}

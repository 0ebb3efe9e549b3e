import {
  remoteProviders,
  type DeploymentCredential,
  type DeploymentProviderInfo,
  type List,
  type RemoteProvider,
} from "@tesslate/contract";
import type { CryptoBox } from "../../../platform/crypto.ts";
import { AppError, badRequest, conflict, invalid, notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { capabilitiesOf, ProviderError, providerTitle, type Credential, type ProviderAdapter } from "../deployments/index.ts";
import { catalogue } from "./catalogue.ts";
import type { DeploymentCredentialsStore } from "./deployment-credentials.store.ts";
import type { DeploymentCredentialRow } from "../../../db/schema/delivery.ts";

/** Additional authenticated data of a user's provider tokens; one credential per user, provider and project. */
export const credentialAad = (row: { user_id: string; provider: string; project_id: string | null }): string =>
  `deployment_credentials:${row.user_id}:${row.provider}:${row.project_id ?? ""}`;

export interface DeploymentTokens {
  access_token: string;
  refresh_token?: string;
}
/** Response of a provider's token endpoint; `expiresInSeconds` of the access token. */
export interface Granted extends DeploymentTokens {
  expiresInSeconds?: number;
}
/** Renews and revokes tokens that were granted through this server's OAuth apps. */
export interface TokenRenewal {
  isAvailable(provider: RemoteProvider): boolean;
  /** `undefined`: the provider refuses to renew it. Throws when the provider is not reachable. */
  renew(provider: RemoteProvider, refreshToken: string): Promise<Granted | undefined>;
  revoke(provider: RemoteProvider, tokens: DeploymentTokens): Promise<void>;
}
type Metadata = { [key: string]: string | null | undefined };

/** Renew a token that expires sooner than this. */
const marginMs = 120_000;

export type DeploymentCredentials = ReturnType<typeof createDeploymentCredentials>;
/**
 * Accounts at remote providers: encrypted, write-only, one per user, provider and project. OAuth tokens are renewed under a row lock,
 * because a refresh token works once.
 */
export function createDeploymentCredentials({
  store,
  box,
  providers,
  tokens: renewal,
  requireProject,
  log,
}: {
  store: DeploymentCredentialsStore;
  box: CryptoBox;
  providers: Record<RemoteProvider, Pick<ProviderAdapter, "check">>;
  tokens: TokenRenewal;
  requireProject: (userId: string, ref: string) => Promise<{ id: string }>;
  log: Logger;
}) {
  const opened = (row: DeploymentCredentialRow): DeploymentTokens => {
    try {
      return JSON.parse(box.open(row.encrypted_tokens, credentialAad(row))) as DeploymentTokens;
    } catch (cause) {
      throw new AppError(
        "secrets_unreadable",
        "The token cannot be decrypted because the server's encryption key changed. Connect the provider again, or restore the previous key.",
        { cause },
      );
    }
  };
  const encrypt = (
    key: { user_id: string; provider: string; project_id: string | null },
    { access_token, refresh_token }: DeploymentTokens,
  ) => box.seal(JSON.stringify({ access_token, ...(refresh_token !== undefined && { refresh_token }) }), credentialAad(key));
  const own = async (userId: string, id: string): Promise<DeploymentCredentialRow> => {
    const row = await store.find(userId, id);
    if (!row) throw notFound("Credential");
    return row;
  };
  const expired = (provider: RemoteProvider) =>
    conflict("provider_token_expired", `Your ${providerTitle(provider)} connection expired. Reconnect it in Settings.`);

  /** The access token, renewed when it is about to expire. Throws `provider_token_expired`, `bad_gateway`. */
  const fresh = async (row: DeploymentCredentialRow): Promise<Credential> => {
    const current = await (isEnding(row) ? renewed(row.id, row.provider) : Promise.resolve(row));
    return { token: opened(current).access_token, metadata: current.metadata };
  };
  const renewed = async (id: string, provider: RemoteProvider): Promise<DeploymentCredentialRow> => {
    const outcome = await store.transaction(async (tx) => {
      const row = await store.lock(tx, id);
      if (!row) throw notFound("Credential");
      // The previous lock holder already renewed it.
      if (!isEnding(row)) return row;
      const { refresh_token } = opened(row);
      if (refresh_token === undefined || row.needs_reconnect) return undefined;
      const granted = await renewal.renew(provider, refresh_token);
      const values = granted
        ? { encrypted_tokens: encrypt(row, { refresh_token, ...granted }), expires_at: endOf(granted), needs_reconnect: false }
        : { needs_reconnect: true };
      const updated = await store.update(id, values, tx);
      return granted ? updated : undefined;
    });
    if (!outcome) throw expired(provider);
    return outcome;
  };

  /** Whether the provider accepts the token; undefined when it is not reachable. */
  const validate = async (provider: RemoteProvider, credential: Credential) => {
    try {
      return await providers[provider].check(credential);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      log.info({ provider, status: error.status, reason: error.message }, "deployment provider could not check a token");
      return undefined;
    }
  };

  const requireMetadata = (provider: RemoteProvider, metadata: Record<string, string>): void => {
    const missing = capabilitiesOf(provider).requiredMetadata.find((key) => !metadata[key]);
    if (missing !== undefined)
      throw badRequest(
        `${providerTitle(provider)} needs the ${missing.replaceAll("_", " ")} in addition to the token.`,
        "account_id_required",
      );
  };
  const put = async (
    key: { user_id: string; project_id: string | null; provider: RemoteProvider },
    kind: "token" | "oauth",
    granted: Granted,
    metadata: Record<string, string>,
  ) => store.upsert({ ...key, kind, encrypted_tokens: encrypt(key, granted), expires_at: endOf(granted), metadata });

  return {
    list: async (
      userId: string,
      { provider, project_id, ...query }: PageQuery & { provider?: string; project_id?: string },
    ): Promise<List<DeploymentCredential> & { providers: DeploymentProviderInfo[] }> => {
      const page = pageOf(query);
      const filter = {
        provider: provider === undefined ? undefined : providerOf(provider),
        project_id: project_id === undefined ? undefined : (await requireProject(userId, project_id)).id,
      };
      const [{ rows, total }, connected] = await Promise.all([store.list(userId, filter, page), store.providersOf(userId)]);
      const providers = Object.values(catalogue).map((entry) => ({
        ...entry,
        auth_type: capabilitiesOf(entry.name).hasOauth ? ("oauth" as const) : ("api_token" as const),
        build_modes: [...capabilitiesOf(entry.name).buildModes],
        removes_whole_site: capabilitiesOf(entry.name).removesWholeSite,
        connected: connected.includes(entry.name),
        oauth_available: renewal.isAvailable(entry.name),
      }));
      return { ...page.envelope(rows.map(presentCredential), total), providers };
    },

    /** Saves a pasted token. Throws `unknown_provider`, `not_found`, `account_id_required`, `credential_rejected`. */
    save: async (
      userId: string,
      input: {
        provider: string;
        access_token: string;
        metadata?: Metadata | null;
        project_id?: string | null;
        skip_validation?: boolean;
      },
    ) => {
      const provider = providerOf(input.provider);
      const access_token = input.access_token.trim();
      if (access_token === "") throw invalid(["body", "access_token"], "The token is empty");
      const project_id = input.project_id ? (await requireProject(userId, input.project_id)).id : null;
      const metadata = tidied({}, input.metadata ?? {});
      requireMetadata(provider, metadata);
      const validation = input.skip_validation ? undefined : await validate(provider, { token: access_token, metadata });
      if (validation && !validation.valid)
        throw badRequest(validation.error ?? `${providerTitle(provider)} rejected this token.`, "credential_rejected");
      const { row, isNew } = await put({ user_id: userId, project_id, provider }, "token", { access_token }, metadata);
      return { credential: { ...presentCredential(row), validated: validation?.valid === true }, isNew };
    },
    /**
     * Saves an OAuth grant once the provider confirms that it may deploy; a successful sign-in does not prove that. Throws
     * `credential_rejected`, and `bad_gateway` when the provider did not respond and a working connection would be replaced.
     */
    saveGranted: async (
      key: { user_id: string; project_id: string | null; provider: RemoteProvider },
      granted: Granted,
      change: Metadata,
    ): Promise<DeploymentCredential> => {
      const metadata = tidied({}, change);
      const validation = await validate(key.provider, { token: granted.access_token, metadata });
      const title = providerTitle(key.provider);
      if (validation && !validation.valid)
        throw badRequest(
          `You signed in at ${title}, but the connection was not saved: ${validation.error ?? "the token was rejected."} Create a token at ${catalogue[key.provider].token_url} and connect with it instead.`,
          "credential_rejected",
        );
      const known = validation ? undefined : await store.at(key);
      if (known && !known.needs_reconnect)
        throw new AppError("bad_gateway", `${title} did not respond, so your existing connection was kept. Try again later.`);
      return presentCredential((await put(key, "oauth", granted, metadata)).row);
    },

    /** Throws `not_found`, `account_id_required`. */
    update: async (userId: string, id: string, change: Metadata): Promise<DeploymentCredential> => {
      await own(userId, id);
      const updated = await store.transaction(async (tx) => {
        const row = await store.lock(tx, id);
        if (!row) return undefined;
        const metadata = tidied(row.metadata, change);
        requireMetadata(row.provider, metadata);
        return store.update(id, { metadata }, tx);
      });
      if (!updated) throw notFound("Credential");
      return presentCredential(updated);
    },
    remove: async (userId: string, id: string): Promise<void> => {
      const row = await store.remove(userId, id);
      if (!row) throw notFound("Credential");
      // Revoke at the provider too, without waiting for it.
      if (row.kind === "oauth")
        await Promise.resolve()
          .then(() => renewal.revoke(row.provider, opened(row)))
          .catch((err: unknown) => log.info({ err, provider: row.provider }, "deployment token not revoked"));
    },
    /** Checks the token with the provider now. */
    test: async (userId: string, id: string) => {
      const row = await own(userId, id);
      let credential: Credential;
      try {
        credential = await fresh(row);
      } catch (error) {
        if (error instanceof AppError && (error.code === "provider_token_expired" || error.code === "bad_gateway"))
          return { valid: false, error: error.message, provider_info: {} };
        throw error;
      }
      const validation = await validate(row.provider, credential);
      if (!validation)
        return { valid: false, error: `${providerTitle(row.provider)} is not reachable right now. Try again later.`, provider_info: {} };
      return { valid: validation.valid, error: validation.error ?? null, provider_info: validation.info };
    },

    /**
     * The project's own credential, otherwise the user's default, with an access token that is valid for minutes. Undefined when nothing
     * is connected. Throws `provider_token_expired`, `bad_gateway`, `secrets_unreadable`.
     */
    getCredential: async (userId: string, projectId: string, provider: RemoteProvider): Promise<Credential | undefined> => {
      const row = await store.choose(userId, projectId, provider);
      return row && fresh(row);
    },
    /** Whether a credential is stored, without checking it. */
    hasCredential: async (userId: string, projectId: string, provider: RemoteProvider): Promise<boolean> =>
      (await store.choose(userId, projectId, provider)) !== undefined,
  };
}

function providerOf(text: string): RemoteProvider {
  const found = remoteProviders.find((name) => name === text.trim().toLowerCase());
  if (!found)
    throw badRequest(`Unknown provider ${text.slice(0, 50)}. Use vercel, netlify or cloudflare.`, "unknown_provider", {
      available: remoteProviders,
    });
  return found;
}
const isEnding = ({ expires_at }: DeploymentCredentialRow): boolean =>
  expires_at !== null && Date.parse(expires_at) - Date.now() < marginMs;
const endOf = ({ expiresInSeconds }: Granted): string | null =>
  expiresInSeconds === undefined ? null : new Date(Date.now() + expiresInSeconds * 1000).toISOString();

/** Merges metadata; null or empty values remove a key. */
function tidied(former: Record<string, string>, change: Metadata): Record<string, string> {
  const merged = { ...former, ...change };
  return Object.fromEntries(
    Object.entries(merged).flatMap(([key, value]) => (typeof value === "string" && value.trim() !== "" ? [[key, value.trim()]] : [])),
  );
}

const presentCredential = (row: DeploymentCredentialRow): DeploymentCredential => ({
  id: row.id,
  user_id: row.user_id,
  project_id: row.project_id,
  provider: row.provider,
  metadata: Object.keys(row.metadata).length > 0 ? row.metadata : null,
  kind: row.kind,
  expires_at: row.expires_at,
  needs_reconnect: row.needs_reconnect,
  is_default: row.project_id === null,
  created_at: row.created_at,
  updated_at: row.updated_at,
});

import type { CryptoBox } from "../../../platform/crypto.ts";
import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { createConnection, trimmed, type ProviderConnection } from "./connections.ts";
import type { ModelKeysStore } from "./model-keys.store.ts";
import type { UserApiKeyRow, UserProviderRow } from "../../../db/schema/agent/models.ts";
import type { ProviderSpec } from "./providers.ts";

/** Additional authenticated data: a key that is moved to another user or provider cannot be decrypted. */
export const modelKeyAad = (row: Pick<UserApiKeyRow, "user_id" | "provider">): string => `user_api_keys:${row.user_id}:${row.provider}`;
export const providerHeadersAad = (row: Pick<UserProviderRow, "user_id" | "slug">): string => `user_providers:${row.user_id}:${row.slug}`;

/** Model ids of custom endpoints: `custom/<slug>/<model>`. */
export const customPrefix = "custom";

/** A provider that one user calls with their own key. */
export interface OwnConnection extends ProviderConnection {
  /** Set by the user; empty: the models that the endpoint lists. */
  available_models: readonly string[];
}

/** Connections of users' own keys and endpoints, without those that are inactive, expired or not in their plan. */
export type OwnConnections = ReturnType<typeof createOwnConnections>;
export function createOwnConnections({
  store,
  box,
  tiers,
  log,
}: {
  store: ModelKeysStore;
  box: CryptoBox;
  /** Plans with own keys; undefined: all. */
  tiers: readonly string[] | undefined;
  log: Logger;
}) {
  const isAllowed = async (userId: string): Promise<boolean> => tiers === undefined || tiers.includes(await store.tierOf(userId));
  const open = (encrypted: Buffer, aad: string): string => {
    try {
      return box.open(encrypted, aad);
    } catch (cause) {
      throw new AppError(
        "secrets_unreadable",
        "Your API key cannot be decrypted because the server's encryption key has changed. Enter it again.",
        {
          cause,
        },
      );
    }
  };
  const keyIn = (row: UserApiKeyRow | undefined): string | undefined => row && open(row.encrypted_key, modelKeyAad(row));
  const standard = (row: UserApiKeyRow): OwnConnection | undefined => {
    const connection = createConnection(row.provider, { api_key: keyIn(row) ?? null, base_url: row.base_url });
    return connection && { ...connection, origin: "own", available_models: [] };
  };
  const custom = (provider: UserProviderRow, key: UserApiKeyRow | undefined): OwnConnection => {
    const spec: ProviderSpec = {
      slug: `${customPrefix}/${provider.slug}`,
      name: provider.name,
      description: "Your own endpoint",
      website: "",
      base_url: trimmed(provider.base_url),
      dialect: provider.api_type === "anthropic" ? "anthropic" : "openai-compatible",
      needs_key: false,
      ...(provider.encrypted_headers && {
        headers: JSON.parse(open(provider.encrypted_headers, providerHeadersAad(provider))) as Record<string, string>,
      }),
    };
    return {
      provider: spec,
      base_url: key?.base_url ?? spec.base_url,
      api_key: keyIn(key),
      origin: "own",
      openai_api: provider.api_type === "openai_responses" ? "responses" : undefined,
      available_models: provider.available_models,
    };
  };
  const note = (key: UserApiKeyRow | undefined) => {
    if (key) store.touchKey(key.id).catch((err: unknown) => log.warn({ err }, "last use of a provider key not stored"));
  };

  return {
    isAllowed,
    /** `slug`: the provider in a model's id. */
    find: async (userId: string, slug: string): Promise<OwnConnection | undefined> => {
      const key = await store.activeKey(userId, slug);
      if (!key || !(await isAllowed(userId))) return undefined;
      note(key);
      return standard(key);
    },
    findCustom: async (userId: string, slug: string): Promise<OwnConnection | undefined> => {
      const provider = await store.findProvider(userId, { slug });
      if (!provider?.is_active || !(await isAllowed(userId))) return undefined;
      const key = await store.activeKey(userId, slug);
      note(key);
      return custom(provider, key);
    },
    list: async (userId: string): Promise<OwnConnection[]> => {
      const [keys, providers, allowed] = await Promise.all([store.activeKeys(userId), store.listProviders(userId), isAllowed(userId)]);
      if (!allowed) return [];
      return [
        ...keys.flatMap((key) => standard(key) ?? []),
        ...providers
          .filter((p) => p.is_active)
          .map((p) =>
            custom(
              p,
              keys.find((key) => key.provider === p.slug),
            ),
          ),
      ];
    },
    /** Also for inactive keys and endpoints, to test them. */
    ofKey: standard,
    ofProvider: async (provider: UserProviderRow): Promise<OwnConnection> =>
      custom(provider, await store.activeKey(provider.user_id, provider.slug)),
  };
}

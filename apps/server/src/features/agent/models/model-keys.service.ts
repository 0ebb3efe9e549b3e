import type { EndpointApi, CustomProvider, List, ModelKey } from "@tesslate/contract";
import type { CryptoBox } from "../../../platform/crypto.ts";
import { isUniqueViolation } from "../../../platform/database.ts";
import { AppError, badRequest, conflict, forbidden, invalid, notFound } from "../../../platform/errors.ts";
import type { Outbound } from "../../../platform/outbound.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { ModelCatalogue } from "./catalogue.ts";
import type { ProviderConnection } from "./connections.ts";
import type { ModelKeysStore } from "./model-keys.store.ts";
import type { UserApiKeyRow, UserProviderRow } from "../../../db/schema/agent/models.ts";
import { customPrefix, modelKeyAad, providerHeadersAad, type OwnConnections } from "./own-connections.ts";
import type { ProbeOutcome } from "./probe.ts";
import { findProvider, providers } from "./providers.ts";

interface KeyInput {
  provider: string;
  api_key: string;
  key_name?: string | null;
  base_url?: string | null;
  expires_at?: string | null;
}
interface ProviderInput {
  name: string;
  slug: string;
  base_url: string;
  api_type?: EndpointApi;
  api_key?: string | null;
  default_headers?: Record<string, string> | null;
  available_models?: string[] | null;
}
type Changes<T> = { [K in keyof T]?: T[K] | undefined };

const maxProviders = 20;
const reserved = new Set([customPrefix, "builtin", "demo"]);

/** Users' own provider keys and endpoints: write-only, encrypted, one active key per provider. */
export type ModelKeys = ReturnType<typeof createModelKeys>;
export function createModelKeys({
  store,
  own,
  catalogue,
  box,
  outbound,
  tryOut,
}: {
  store: ModelKeysStore;
  own: OwnConnections;
  catalogue: Pick<ModelCatalogue, "expire">;
  box: CryptoBox;
  outbound: Outbound;
  /** Makes one small call. */
  tryOut: (connection: ProviderConnection, model: string | null | undefined) => Promise<ProbeOutcome>;
}) {
  const requireTier = async (userId: string): Promise<void> => {
    if (!(await own.isAllowed(userId)))
      throw forbidden("byok_not_in_tier", "Your plan does not include your own API keys. Upgrade to add one.");
  };
  const encryptedKey = (userId: string, provider: string, key: string) => {
    const text = key.trim();
    if (text === "") throw invalid(["body", "api_key"], "The key is empty");
    return { encrypted_key: box.seal(text, modelKeyAad({ user_id: userId, provider })), last4: text.length > 8 ? text.slice(-4) : "" };
  };
  const encryptedHeaders = (userId: string, slug: string, headers: Record<string, string> | null | undefined) =>
    headers && Object.keys(headers).length > 0
      ? {
          encrypted_headers: box.seal(JSON.stringify(headers), providerHeadersAad({ user_id: userId, slug })),
          header_names: Object.keys(headers),
        }
      : { encrypted_headers: null, header_names: [] };
  const nameOf = async (userId: string, provider: string): Promise<string | undefined> =>
    findProvider(provider)?.name ?? (await store.findProvider(userId, { slug: provider }))?.name;
  const oneKey = async <T>(provider: string, work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      if (isUniqueViolation(error, "user_api_keys_active_key"))
        throw conflict("conflict", `You already have an active key for ${provider}. Replace or deactivate it first.`);
      throw error;
    });
  const ownKey = async (userId: string, id: string): Promise<UserApiKeyRow> => {
    const row = await store.findKey(userId, id);
    if (!row) throw notFound("Key");
    return row;
  };
  const ownProvider = async (userId: string, id: string): Promise<UserProviderRow> => {
    const row = await store.findProvider(userId, { id });
    if (!row) throw notFound("Provider");
    return row;
  };
  /** Makes one small call. The list of models is fetched again at its next use. */
  const testConnection = async (connection: ProviderConnection, model?: string | null) => {
    catalogue.expire(connection);
    const { ok, message, models } = await tryOut(connection, model);
    return { ok, message, models };
  };
  const presentOwnKey = async (row: UserApiKeyRow): Promise<ModelKey> =>
    presentKey(row, (await nameOf(row.user_id, row.provider)) ?? row.provider);
  const presentOwnProvider = async (row: UserProviderRow): Promise<CustomProvider> =>
    presentProvider(row, (await store.activeKey(row.user_id, row.slug)) !== undefined);

  return {
    list: async (userId: string, query: PageQuery): Promise<List<ModelKey>> => {
      const page = pageOf(query);
      const [{ rows, total }, custom] = await Promise.all([store.listKeys(userId, page), store.listProviders(userId)]);
      const names = new Map([...providers, ...custom].map(({ slug, name }) => [slug, name]));
      return page.envelope(
        rows.map((row) => presentKey(row, names.get(row.provider) ?? row.provider)),
        total,
      );
    },
    /** Throws `unknown_provider`, `conflict`, `byok_not_in_tier`, `outbound_refused`. */
    create: async (userId: string, input: KeyInput): Promise<ModelKey> => {
      await requireTier(userId);
      const provider = input.provider.trim().toLowerCase();
      const name = await nameOf(userId, provider);
      if (name === undefined)
        throw badRequest(
          `Unknown provider ${provider}. Use one of: ${providers.map((p) => p.slug).join(", ")}, or your own.`,
          "unknown_provider",
        );
      if (!input.base_url && findProvider(provider)?.base_url === "")
        throw invalid(["body", "base_url"], "Enter the address of the server");
      if (input.base_url) await outbound.check(input.base_url);
      const row = await oneKey(
        name,
        store.insertKey({
          user_id: userId,
          provider,
          key_name: input.key_name?.trim() || name,
          ...encryptedKey(userId, provider, input.api_key),
          base_url: input.base_url || null,
          expires_at: input.expires_at ?? null,
        }),
      );
      return presentKey(row, name);
    },
    update: async (userId: string, id: string, change: Changes<Omit<KeyInput, "provider"> & { is_active: boolean }>): Promise<ModelKey> => {
      const row = await ownKey(userId, id);
      if (change.api_key !== undefined || change.is_active) await requireTier(userId);
      if (change.base_url) await outbound.check(change.base_url);
      const updated = await oneKey(
        row.key_name,
        store.updateKey(id, {
          ...(change.api_key !== undefined && encryptedKey(userId, row.provider, change.api_key)),
          ...(change.key_name !== undefined && { key_name: change.key_name?.trim() || row.key_name }),
          ...(change.base_url !== undefined && { base_url: change.base_url || null }),
          ...(change.is_active !== undefined && { is_active: change.is_active }),
          ...(change.expires_at !== undefined && { expires_at: change.expires_at }),
        }),
      );
      if (!updated) throw notFound("Key");
      return presentOwnKey(updated);
    },
    remove: async (userId: string, id: string): Promise<void> => {
      if (!(await store.removeKey(userId, id))) throw notFound("Key");
    },
    test: async (userId: string, id: string) => {
      const row = await ownKey(userId, id);
      const provider = findProvider(row.provider) ? undefined : await store.findProvider(userId, { slug: row.provider });
      const connection = provider ? await own.ofProvider(provider) : own.ofKey(row);
      if (!connection) throw new AppError("unknown_provider", "The provider of this key is no longer supported.");
      return testConnection(connection);
    },

    providers: async (userId: string, query: PageQuery) => {
      const page = pageOf(query);
      const mine = new Set((await store.activeKeys(userId)).map((key) => key.provider));
      const items = providers
        .filter((provider) => provider.needs_key)
        .map(({ slug, name, description, website, base_url, needs_key }) => ({
          provider: slug,
          name,
          description,
          website,
          base_url,
          needs_key,
          has_own_key: mine.has(slug),
        }));
      return page.envelope(items.slice(page.offset, page.offset + page.limit), items.length);
    },
    customProviders: async (userId: string, query: PageQuery): Promise<List<CustomProvider>> => {
      const page = pageOf(query);
      const [rows, keys] = await Promise.all([store.listProviders(userId), store.activeKeys(userId)]);
      const withKey = new Set(keys.map((key) => key.provider));
      return page.envelope(
        rows.slice(page.offset, page.offset + page.limit).map((row) => presentProvider(row, withKey.has(row.slug))),
        rows.length,
      );
    },
    /** Throws `conflict`, `byok_not_in_tier`, `outbound_refused`. */
    createCustomProvider: async (userId: string, input: ProviderInput): Promise<CustomProvider> => {
      await requireTier(userId);
      if (findProvider(input.slug) || reserved.has(input.slug)) throw invalid(["body", "slug"], "This slug is used by a built-in provider");
      await outbound.check(input.base_url);
      if ((await store.listProviders(userId)).length >= maxProviders)
        throw conflict("conflict", `You have ${maxProviders} endpoints, the maximum. Delete one first.`);
      try {
        return await store.transaction(async (tx) => {
          const row = await store.insertProvider(tx, {
            user_id: userId,
            name: input.name.trim() || input.slug,
            slug: input.slug,
            base_url: input.base_url,
            ...(input.api_type && { api_type: input.api_type }),
            ...encryptedHeaders(userId, input.slug, input.default_headers),
            available_models: input.available_models ?? [],
          });
          if (input.api_key)
            await store.insertKey(
              { user_id: userId, provider: row.slug, key_name: row.name, ...encryptedKey(userId, row.slug, input.api_key) },
              tx,
            );
          return presentProvider(row, Boolean(input.api_key));
        });
      } catch (error) {
        if (isUniqueViolation(error, "user_providers_user_id_slug_key"))
          throw conflict("conflict", `You already have an endpoint ${input.slug}.`);
        throw error;
      }
    },
    updateCustomProvider: async (
      userId: string,
      id: string,
      change: Changes<Omit<ProviderInput, "slug"> & { is_active: boolean }>,
    ): Promise<CustomProvider> => {
      const row = await ownProvider(userId, id);
      if (change.api_key || change.is_active) await requireTier(userId);
      if (change.base_url) await outbound.check(change.base_url);
      const updated = await store.transaction(async (tx) => {
        if (change.api_key !== undefined) {
          await store.removeKeysOf(tx, userId, row.slug);
          if (change.api_key)
            await store.insertKey(
              { user_id: userId, provider: row.slug, key_name: row.name, ...encryptedKey(userId, row.slug, change.api_key) },
              tx,
            );
        }
        return store.updateProvider(tx, id, {
          ...(change.name !== undefined && { name: change.name.trim() || row.name }),
          ...(change.base_url !== undefined && { base_url: change.base_url }),
          ...(change.api_type !== undefined && { api_type: change.api_type }),
          ...(change.default_headers !== undefined && encryptedHeaders(userId, row.slug, change.default_headers)),
          ...(change.available_models !== undefined && { available_models: change.available_models ?? [] }),
          ...(change.is_active !== undefined && { is_active: change.is_active }),
        });
      });
      if (!updated) throw notFound("Provider");
      return presentOwnProvider(updated);
    },
    removeCustomProvider: async (userId: string, id: string): Promise<void> =>
      store.transaction(async (tx) => {
        const removed = await store.removeProvider(tx, userId, id);
        if (!removed) throw notFound("Provider");
        await store.removeKeysOf(tx, userId, removed.slug);
      }),
    testCustomProvider: async (userId: string, id: string, model: string | null | undefined) => {
      const row = await ownProvider(userId, id);
      return testConnection(await own.ofProvider(row), model ?? row.available_models[0]);
    },

    preferences: async (userId: string) => ({ disabled_models: await store.disabledModels(userId) }),
    setPreference: async (userId: string, modelId: string, enabled: boolean) => ({
      disabled_models: await store.setDisabled(userId, modelId, !enabled),
    }),
  };
}

const presentKey = (row: UserApiKeyRow, provider_name: string): ModelKey => ({
  id: row.id,
  provider: row.provider,
  provider_name,
  key_name: row.key_name,
  last4: row.last4,
  base_url: row.base_url,
  is_active: row.is_active,
  expires_at: row.expires_at,
  last_used_at: row.last_used_at,
  created_at: row.created_at,
});
const presentProvider = (row: UserProviderRow, has_key: boolean): CustomProvider => ({
  id: row.id,
  name: row.name,
  slug: row.slug,
  base_url: row.base_url,
  api_type: row.api_type,
  has_key,
  header_names: row.header_names,
  available_models: row.available_models,
  is_active: row.is_active,
  created_at: row.created_at,
});

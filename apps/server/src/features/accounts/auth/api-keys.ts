import type { ApiKey, ApiKeyScope, EditMode, List } from "@tesslate/contract";
import type { Principal } from "../../../http/context.ts";
import type { Bus } from "../../../platform/bus.ts";
import { hashToken, randomToken } from "../../../platform/crypto.ts";
import { invalid, limitReached, notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { canSignIn } from "../users/index.ts";
import type { ApiKeysStore } from "./api-keys.store.ts";
import { sessionsChannel, type SessionsNotification } from "./auth.store.ts";
import type { ApiKeyRow } from "../../../db/schema/accounts.ts";
import { delayUntil } from "./sessions.ts";

const mark = "tsk_";
const shownLength = mark.length + 6;
const maxKeys = 50;
const touchEveryMs = 60_000;

/** API keys: a user's rights, limited to the key's scopes, without routes that require a session. */
export type ApiKeys = ReturnType<typeof createApiKeys>;
export function createApiKeys({ store, bus, log }: { store: ApiKeysStore; bus: Bus; log: Logger }) {
  /** Open streams of a key; ended when the key is deleted or expires, or its user may no longer sign in. */
  interface Watch {
    user_id: string;
    hash: string;
    ended: Set<() => void>;
    timer: NodeJS.Timeout | undefined;
  }
  const watched = new Map<string, Watch>();
  const arm = (id: string, watch: Watch, atMs: number) => {
    clearTimeout(watch.timer);
    if (watched.get(id) === watch) watch.timer = setTimeout(() => void recheck(id, watch), delayUntil(atMs));
  };
  const recheck = async (id: string, watch: Watch) => {
    try {
      const found = await store.findActive(watch.hash);
      if (!found || !canSignIn(found.user)) for (const end of watch.ended) end();
      else if (found.key.expires_at !== null) arm(id, watch, Date.parse(found.key.expires_at));
    } catch (err) {
      log.warn({ err }, "API key recheck failed");
      arm(id, watch, Date.now() + touchEveryMs);
    }
  };
  bus.listen<SessionsNotification>(sessionsChannel, ({ user_id, key_ids }) => {
    for (const [id, watch] of watched)
      if (key_ids?.includes(id) || (user_id !== undefined && watch.user_id === user_id)) void recheck(id, watch);
  });
  bus.onReconnect(() => {
    for (const [id, watch] of watched) void recheck(id, watch);
  });

  return {
    isKey: (token: string): boolean => token.startsWith(mark),
    hasExpired: (token: string): Promise<boolean> => store.hasExpired(hashToken(token)),
    /** The caller this key belongs to; `undefined` for an unknown key. */
    authenticate: async (token: string): Promise<Principal | undefined> => {
      const found = await store.findActive(hashToken(token));
      if (!found || !canSignIn(found.user)) return undefined;
      const { key, user } = found;
      if (key.last_used_at === null || Date.now() - Date.parse(key.last_used_at) > touchEveryMs)
        store.touch(key.id).catch((err: unknown) => log.warn({ err }, "API key last use not stored"));
      const { id, username, name } = user;
      return {
        id,
        // No scope grants administration: keys of administrators act as normal users.
        is_superuser: false,
        username,
        name,
        session_id: undefined,
        via: "key",
        scopes: key.scopes,
        key: { id: key.id, hash: key.key_hash, edit_mode: key.edit_mode },
      };
    },
    watch: ({ id: user_id, key }: Principal, ended: () => void): (() => void) => {
      if (!key) return () => undefined;
      const known = watched.get(key.id) ?? { user_id, hash: key.hash, ended: new Set(), timer: undefined };
      watched.set(key.id, known);
      known.ended.add(ended);
      // The key may have been deleted since it was checked, and its expiry is not known here.
      void recheck(key.id, known);
      return () => {
        known.ended.delete(ended);
        if (known.ended.size > 0 || watched.get(key.id) !== known) return;
        clearTimeout(known.timer);
        watched.delete(key.id);
      };
    },

    list: async (userId: string, query: PageQuery): Promise<List<ApiKey>> => {
      const page = pageOf(query);
      const { rows, total } = await store.list(userId, page);
      return page.envelope(rows.map(presentApiKey), total);
    },
    /** Throws `key_limit_reached`, 422 when a key that runs the agent has no edit mode. */
    create: async (
      userId: string,
      {
        name,
        scopes,
        edit_mode,
        expires_in_days,
      }: { name: string; scopes: ApiKeyScope[]; edit_mode?: EditMode | null; expires_in_days?: number | null },
    ): Promise<ApiKey & { key: string }> => {
      if (scopes.includes("run") && !edit_mode) throw invalid(["body", "edit_mode"], "Required with the scope run", "missing");
      const key = mark + randomToken();
      const row = await store.insert(
        {
          user_id: userId,
          name: name.trim() || "API key",
          key_hash: hashToken(key),
          prefix: key.slice(0, shownLength),
          scopes,
          edit_mode: edit_mode ?? "ask",
          expires_at: expires_in_days ? new Date(Date.now() + expires_in_days * 86_400_000).toISOString() : null,
        },
        maxKeys,
      );
      if (!row)
        throw limitReached("key_limit_reached", `You have ${maxKeys} API keys, the maximum. Delete one you no longer use.`, {
          used: maxKeys,
          limit: maxKeys,
        });
      log.info({ user_id: userId, key_id: row.id }, "API key created");
      return { ...presentApiKey(row), key };
    },
    /** Deletes all keys of a user, in the caller's transaction. Returns the number. */
    removeAll: store.removeAll,
    remove: async (userId: string, id: string): Promise<void> => {
      if (!(await store.remove(userId, id))) throw notFound("API key");
      log.info({ user_id: userId, key_id: id }, "API key deleted");
    },
  };
}

const presentApiKey = ({ id, name, prefix, scopes, edit_mode, created_at, last_used_at, expires_at }: ApiKeyRow): ApiKey => ({
  id,
  name,
  prefix,
  scopes,
  edit_mode,
  created_at,
  last_used_at,
  expires_at,
});

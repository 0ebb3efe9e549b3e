import { randomUUID } from "node:crypto";
import type { List, Session } from "@tesslate/contract";
import type { Bus } from "../../../platform/bus.ts";
import { hashToken, randomToken } from "../../../platform/crypto.ts";
import type { Queries } from "../../../platform/database.ts";
import { notFound, unauthorized } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { canSignIn, sessionOver, type VerifiedUser, type UserRow } from "../users/index.ts";
import { sessionsChannel, type AuthStore, type SessionsNotification, type SessionWithUser } from "./auth.store.ts";
import type { RefreshTokens } from "./tokens.ts";

/** The cached facts of an open session. */
export interface LiveSession {
  id: string;
  user: Pick<UserRow, "id" | "is_superuser" | "username" | "name">;
  expires_at_ms: number;
  /** The impersonating administrator. */
  impersonator?: { id: string; username: string; session_id: string };
}
interface Entry extends LiveSession {
  readAtMs: number;
}

/** Impersonation requires an active administrator, and never targets an administrator. */
const isAllowed = ({ session, user, impersonator }: SessionWithUser): boolean =>
  session.impersonator_id === null || (impersonator !== null && impersonator.is_superuser && canSignIn(impersonator) && !user.is_superuser);

const impersonationMs = 30 * 60_000;
const rereadMs = 60_000;
const graceMs = 30_000;
const maxRemembered = 50_000;
/** Upper limit of timers; the lower limit allows for clock differences with the database. */
const [maxDelayMs, minDelayMs] = [86_400_000, 1000];
/** Delay until something that expires at `atMs` is checked. */
export const delayUntil = (atMs: number): number => Math.min(Math.max(atMs - Date.now(), minDelayMs), maxDelayMs);

/**
 * Sessions with a cache per process, so that a request needs no query to authenticate. Database notifications invalidate the cache; while they cannot
 * be received, the cache is not used.
 */
export type Sessions = ReturnType<typeof createSessions>;
export function createSessions({
  store,
  tokens,
  bus,
  log,
  lifetimeMs,
  onReuse = async () => undefined,
}: {
  store: AuthStore;
  tokens: RefreshTokens;
  bus: Bus;
  log: Logger;
  lifetimeMs: number;
  /** Called when a refresh token was reused and its session was therefore ended. */
  onReuse?: (user: UserRow) => Promise<void>;
}) {
  const cached = new Map<string, Entry>();
  const loading = new Map<string, Promise<Entry | undefined>>();
  const watched = new Map<string, { user_id: string; ended: Set<() => void>; timer: NodeJS.Timeout | undefined }>();
  /** Open streams of a user without a session; each rechecks when the user changed. */
  const watchers = new Map<string, Set<() => void>>();
  const userListeners: ((userId?: string) => void)[] = [];
  /** Incremented by every invalidation: older reads must not be cached. */
  let epoch = 0;

  const read = async (id: string): Promise<Entry | undefined> => {
    const since = epoch;
    const found = await store.findOpen(id);
    if (!found || !canSignIn(found.user) || !isAllowed(found)) return undefined;
    const { id: user_id, is_superuser, username, name } = found.user;
    const { session, impersonator } = found;
    const entry: Entry = {
      id,
      user: { id: user_id, is_superuser, username, name },
      ...(impersonator && {
        impersonator: { id: impersonator.id, username: impersonator.username, session_id: session.impersonator_session_id ?? "" },
      }),
      expires_at_ms: Date.parse(found.session.expires_at),
      readAtMs: Date.now(),
    };
    if (since === epoch) {
      cached.delete(id);
      cached.set(id, entry);
      if (cached.size > maxRemembered) cached.delete(cached.keys().next().value ?? "");
    }
    if (Date.now() - Date.parse(found.session.last_used_at) > rereadMs) touch(id);
    return entry;
  };
  const load = (id: string): Promise<Entry | undefined> => {
    const known = loading.get(id);
    if (known) return known;
    const work = read(id).finally(() => loading.delete(id));
    loading.set(id, work);
    return work;
  };
  const touch = (id: string) => {
    store.touch(id).catch((err: unknown) => log.warn({ err }, "session activity not stored"));
  };

  const forget = ({ user_id, session_ids }: SessionsNotification) => {
    epoch += 1;
    // Reads in flight may have seen the old state, so later callers must not join them.
    loading.clear();
    for (const id of session_ids ?? []) cached.delete(id);
    if (user_id) for (const [id, entry] of cached) if (entry.user.id === user_id || entry.impersonator?.id === user_id) cached.delete(id);
    if (user_id) for (const listener of userListeners) listener(user_id);
    if (user_id) for (const recheckUser of watchers.get(user_id) ?? []) recheckUser();
    for (const [id, watch] of watched) if (session_ids?.includes(id) || watch.user_id === user_id) void recheck(id);
  };
  /** Rechecks when the session expires, because expiry sends no notification. A session in use has been extended by then. */
  const arm = (id: string, atMs: number) => {
    const watch = watched.get(id);
    if (!watch) return;
    clearTimeout(watch.timer);
    watch.timer = setTimeout(() => void recheck(id), delayUntil(atMs));
  };
  /** Ends the streams of a session that has ended. */
  const recheck = async (id: string) => {
    try {
      const entry = await load(id);
      if (entry) arm(id, entry.expires_at_ms);
      else for (const ended of watched.get(id)?.ended ?? []) ended();
    } catch (err) {
      log.warn({ err }, "session recheck failed");
      arm(id, Date.now() + rereadMs);
    }
  };
  bus.listen<SessionsNotification>(sessionsChannel, forget);
  bus.onReconnect(() => {
    epoch += 1;
    loading.clear();
    cached.clear();
    for (const listener of userListeners) listener();
    for (const id of watched.keys()) void recheck(id);
    for (const all of watchers.values()) for (const recheckUser of all) recheckUser();
  });

  return {
    /**
     * Starts a session and returns its first refresh token. `undefined` when the user was suspended or the password changed since it was verified.
     */
    open: async (
      user: VerifiedUser,
      from: { user_agent: string | undefined; ip: string },
    ): Promise<{ id: string; refreshToken: string } | undefined> => {
      const id = randomUUID();
      const refreshToken = tokens.make(id, 0);
      const isOpened = await store.insert(user, {
        id,
        refresh_hash: hashToken(refreshToken),
        user_agent: from.user_agent?.slice(0, 400) ?? null,
        ip: from.ip,
        expires_at: new Date(Date.now() + lifetimeMs).toISOString(),
      });
      return isOpened ? { id, refreshToken } : undefined;
    },

    isOpenNow: store.isOpenNow,
    /** Throws `unauthorized` when the session has ended; otherwise keeps it open until the transaction ends. Lock the user first. */
    requireOpen: async (tx: Queries, id: string, userId: string): Promise<void> => {
      if (!(await store.isOpenNow(tx, id, userId))) throw unauthorized(sessionOver);
    },
    /** Starts an impersonation session, which cannot be refreshed. */
    openImpersonation: async (
      tx: Queries,
      user: Pick<UserRow, "id">,
      by: { id: string; session_id: string; ip: string; user_agent: string | undefined },
    ): Promise<{ id: string; expires_at: string }> => {
      const { id, expires_at } = await store.insertImpersonation(
        tx,
        {
          user_id: user.id,
          // A random hash: there is no refresh token for this session.
          refresh_hash: hashToken(randomToken()),
          user_agent: by.user_agent?.slice(0, 400) ?? null,
          ip: by.ip,
          impersonator_id: by.id,
          impersonator_session_id: by.session_id,
        },
        impersonationMs,
      );
      return { id, expires_at };
    },
    /** Ends impersonations of and by this user when their role changes. Runs in the caller's transaction. */
    endImpersonations: async (tx: Queries, userId: string): Promise<void> => {
      await store.revokeImpersonations(userId, "role_changed", tx);
    },
    /** The open session of a refresh token, even a used one; enough to sign out, not to refresh. */
    findByRefresh: async (token: string): Promise<LiveSession | undefined> => {
      const parsed = tokens.parse(token);
      return parsed && load(parsed.session_id);
    },
    /** The session if it is open and its user may sign in. No query while it is cached. */
    find: async (id: string): Promise<LiveSession | undefined> => {
      const entry = cached.get(id);
      if (!entry || !bus.isConnected()) return load(id);
      const now = Date.now();
      if (entry.expires_at_ms <= now) return load(id);
      if (now - entry.readAtMs > rereadMs) {
        // One caller refreshes the entry; the others use the cached one.
        entry.readAtMs = now;
        return load(id);
      }
      return entry;
    },

    /**
     * Rotates a refresh token. Within 30 s of a rotation, the previous token returns the same new one (parallel tabs, lost responses); any other reuse
     * ends the session, because the token was copied. `undefined`: sign in again.
     */
    refresh: async (token: string): Promise<{ id: string; user: UserRow; refreshToken: string } | undefined> => {
      const parsed = tokens.parse(token);
      if (!parsed) return undefined;
      const { session_id, generation } = parsed;
      const next = tokens.make(session_id, generation + 1);
      const hash = hashToken(token);
      const hasRotated = await store.rotate(session_id, hash, hashToken(next), lifetimeMs);
      const found = await store.findOpen(session_id);
      if (!found || !canSignIn(found.user)) return undefined;
      const isParallel =
        hasRotated ||
        (found.session.previous_refresh_hash === hash &&
          found.session.refresh_hash === hashToken(next) &&
          (await store.isFresh(session_id, graceMs)));
      if (!isParallel) {
        log.warn({ session_id, user_id: found.user.id }, "refresh token reused, session revoked");
        const ended = await store.revoke(session_id, "refresh_reuse");
        forget({ session_ids: ended });
        if (ended.length > 0) await onReuse(found.user);
        return undefined;
      }
      const entry = cached.get(session_id);
      if (entry) entry.expires_at_ms = Date.parse(found.session.expires_at);
      return { id: session_id, user: found.user, refreshToken: next };
    },

    list: async (userId: string, currentId: string | undefined, query: PageQuery): Promise<List<Session>> => {
      const page = pageOf(query);
      const { rows, total } = await store.list(userId, page);
      return page.envelope(
        rows.map(({ id, created_at, last_used_at, expires_at, user_agent, ip }) => ({
          id,
          created_at,
          last_used_at,
          expires_at,
          user_agent,
          ip,
          current: id === currentId,
        })),
        total,
      );
    },
    /** Throws `not_found`. */
    end: async (userId: string, id: string): Promise<void> => {
      const ended = await store.revokeOwn(userId, id, "ended");
      if (ended.length === 0) throw notFound("Session");
      forget({ session_ids: ended });
    },
    endOthers: async (userId: string, keepId: string | undefined): Promise<void> =>
      forget({ session_ids: await store.revokeOfUser(userId, keepId, "ended") }),
    /** `andNote` runs in the same transaction. */
    revoke: async (id: string, reason: string, andNote?: (tx: Queries) => Promise<void>): Promise<void> =>
      forget({
        session_ids: await store.transaction(async (tx) => {
          await andNote?.(tx);
          return store.revoke(id, reason, tx);
        }),
      }),
    /** Ends all other sessions of a user, in the caller's transaction. Call `forgetUser` after the commit. */
    revokeOthers: async (tx: Queries, userId: string, keepId: string | undefined, reason: string): Promise<void> => {
      await store.revokeOfUser(userId, keepId, reason, tx);
    },
    /** Ends all sessions of a user, in the caller's transaction. Returns the number. Call `forgetUser` after the commit. */
    endAll: async (tx: Queries, userId: string, reason: string): Promise<number> =>
      (await store.revokeOfUser(userId, undefined, reason, tx)).length,
    revokeAll: async (userId: string, reason: string): Promise<void> =>
      forget({ session_ids: await store.revokeOfUser(userId, undefined, reason) }),
    /** Invalidates the cached user in all processes, after a change of name, role or state. */
    forgetUser: async (userId: string): Promise<void> => {
      forget({ user_id: userId });
      await store.notify({ user_id: userId });
    },
    /** Calls `listener` with the id of a user who may have changed; without one when changes may have been missed. */
    onUserChange: (listener: (userId?: string) => void): void => void userListeners.push(listener),
    /** Calls `recheck` when the user may have changed. Returns the unsubscribe function. */
    watchUser: (userId: string, recheckUser: () => void): (() => void) => {
      const all = watchers.get(userId) ?? new Set();
      watchers.set(userId, all);
      all.add(recheckUser);
      return () => {
        all.delete(recheckUser);
        if (all.size === 0 && watchers.get(userId) === all) watchers.delete(userId);
      };
    },
    /** Calls `ended` when the session is revoked or expires. Returns the unsubscribe function. */
    watch: (id: string, userId: string, ended: () => void): (() => void) => {
      const known = watched.get(id) ?? { user_id: userId, ended: new Set(), timer: undefined };
      watched.set(id, known);
      known.ended.add(ended);
      const entry = cached.get(id);
      if (!entry || entry.expires_at_ms <= Date.now()) void recheck(id);
      else if (known.timer === undefined) arm(id, entry.expires_at_ms);
      return () => {
        known.ended.delete(ended);
        if (known.ended.size > 0 || watched.get(id) !== known) return;
        clearTimeout(known.timer);
        watched.delete(id);
      };
    },
  };
}

import { randomUUID } from "node:crypto";
import type { List, Session } from "@tesslate/contract";
import type { Bus } from "../../../platform/bus.ts";
import { hashToken, randomToken } from "../../../platform/crypto.ts";
import type { Queries } from "../../../platform/database.ts";
import { notFound, unauthorized } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { isLiving, sessionOver, type Proven, type UserRow } from "../users/index.ts";
import { sessionsChannel, type AuthStore, type SessionsBell, type SessionWithUser } from "./auth.store.ts";
import type { RefreshTokens } from "./tokens.ts";

/** What is remembered of an open session of a living user. */
export interface LiveSession {
  id: string;
  user: Pick<UserRow, "id" | "is_superuser" | "username" | "name">;
  expires_at_ms: number;
  /** The administrator who acts as the user. */
  impersonator?: { id: string; username: string; session_id: string };
}
interface Entry extends LiveSession {
  readAtMs: number;
}

/** Acting as somebody is for living administrators, and never as one of their own. */
const isAllowed = ({ session, user, impersonator }: SessionWithUser): boolean =>
  session.impersonator_id === null || (impersonator !== null && impersonator.is_superuser && isLiving(impersonator) && !user.is_superuser);

const impersonationMs = 30 * 60_000;
const rereadMs = 60_000;
const graceMs = 30_000;
const maxRemembered = 50_000;
/** Timers hold no more days than these; and clocks differ, so that what is over here may last a moment longer in the database. */
const [maxDelayMs, minDelayMs] = [86_400_000, 1000];
/** How long to wait before looking whether something ended that ends at that time. */
export const delayUntil = (atMs: number): number => Math.min(Math.max(atMs - Date.now(), minDelayMs), maxDelayMs);

/**
 * Sessions and who they belong to, remembered in this process so that a call needs no query to know its caller. The database's bell
 * makes every process forget what changed; while the bell cannot be heard nothing remembered is believed.
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
  /** A refresh token was used twice: it was copied, and its session is over. */
  onReuse?: (user: UserRow) => Promise<void>;
}) {
  const remembered = new Map<string, Entry>();
  const loading = new Map<string, Promise<Entry | undefined>>();
  const watched = new Map<string, { user_id: string; ended: Set<() => void>; timer: NodeJS.Timeout | undefined }>();
  /** What is open in a person's name without a session of theirs, each looking anew when something about them changed. */
  const people = new Map<string, Set<() => void>>();
  /** Grows with every forgetting: what was read before it must not be remembered after it. */
  let epoch = 0;

  const read = async (id: string): Promise<Entry | undefined> => {
    const since = epoch;
    const found = await store.findOpen(id);
    if (!found || !isLiving(found.user) || !isAllowed(found)) return undefined;
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
      remembered.delete(id);
      remembered.set(id, entry);
      if (remembered.size > maxRemembered) remembered.delete(remembered.keys().next().value ?? "");
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
    store.touch(id).catch((err: unknown) => log.warn({ err }, "session activity not noted"));
  };

  const forget = ({ user_id, session_ids }: SessionsBell) => {
    epoch += 1;
    // Reads under way may have seen the old state: nobody may join them any more.
    loading.clear();
    for (const id of session_ids ?? []) remembered.delete(id);
    if (user_id)
      for (const [id, entry] of remembered) if (entry.user.id === user_id || entry.impersonator?.id === user_id) remembered.delete(id);
    if (user_id) for (const lookAnew of people.get(user_id) ?? []) lookAnew();
    for (const [id, watch] of watched) if (session_ids?.includes(id) || watch.user_id === user_id) void recheck(id);
  };
  /** Looks again when the session ends by itself: until then nobody rings for it. One that is used is renewed and has a later end by then. */
  const arm = (id: string, atMs: number) => {
    const watch = watched.get(id);
    if (!watch) return;
    clearTimeout(watch.timer);
    watch.timer = setTimeout(() => void recheck(id), delayUntil(atMs));
  };
  /** Ends the streams of a session that is over. */
  const recheck = async (id: string) => {
    try {
      const entry = await load(id);
      if (entry) arm(id, entry.expires_at_ms);
      else for (const ended of watched.get(id)?.ended ?? []) ended();
    } catch (err) {
      log.warn({ err }, "session not checked again");
      arm(id, Date.now() + rereadMs);
    }
  };
  bus.listen<SessionsBell>(sessionsChannel, forget);
  bus.onReconnect(() => {
    epoch += 1;
    loading.clear();
    remembered.clear();
    for (const id of watched.keys()) void recheck(id);
    for (const all of people.values()) for (const lookAnew of all) lookAnew();
  });

  return {
    /**
     * Starts a session; its first refresh token goes to the client and nowhere else. `undefined` when the person is not who they were when they
     * proved it: suspended, or with another password.
     */
    open: async (
      user: Proven,
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
    /** Throws `unauthorized` when this session of theirs is over; otherwise it lasts until the transaction ends. Hold the person first. */
    requireOpen: async (tx: Queries, id: string, userId: string): Promise<void> => {
      if (!(await store.isOpenNow(tx, id, userId))) throw unauthorized(sessionOver);
    },
    /** Starts a session in which an administrator acts as `user`. It cannot be renewed. */
    openImpersonation: async (
      tx: Queries,
      user: Pick<UserRow, "id">,
      by: { id: string; session_id: string; ip: string; user_agent: string | undefined },
    ): Promise<{ id: string; expires_at: string }> => {
      const { id, expires_at } = await store.insertImpersonation(
        tx,
        {
          user_id: user.id,
          // Nobody ever holds the token of this hash.
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
    /** Ends what goes on as this user, and what they do as others: when their role changes. In the caller's transaction. */
    endImpersonations: async (tx: Queries, userId: string): Promise<void> => {
      await store.revokeImpersonations(userId, "role_changed", tx);
    },
    /** The open session that a refresh token was made for, a used one too: enough to end it, not to go on with it. */
    findByRefresh: async (token: string): Promise<LiveSession | undefined> => {
      const parsed = tokens.parse(token);
      return parsed && load(parsed.session_id);
    },
    /** The session if it is open and its user may act. No query while it is remembered. */
    find: async (id: string): Promise<LiveSession | undefined> => {
      const entry = remembered.get(id);
      if (!entry || !bus.isConnected()) return load(id);
      const now = Date.now();
      if (entry.expires_at_ms <= now) return load(id);
      if (now - entry.readAtMs > rereadMs) {
        // One caller reads anew for all; the others go on with what is known.
        entry.readAtMs = now;
        return load(id);
      }
      return entry;
    },

    /**
     * Exchanges a refresh token for the next one. Within 30 s of a rotation the previous token is answered with the same next one (parallel
     * tabs, lost answers); any other used token ends the session, because two parties hold it. `undefined`: sign in again.
     */
    refresh: async (token: string): Promise<{ id: string; user: UserRow; refreshToken: string } | undefined> => {
      const parsed = tokens.parse(token);
      if (!parsed) return undefined;
      const { session_id, generation } = parsed;
      const next = tokens.make(session_id, generation + 1);
      const hash = hashToken(token);
      const hasRotated = await store.rotate(session_id, hash, hashToken(next), lifetimeMs);
      const found = await store.findOpen(session_id);
      if (!found || !isLiving(found.user)) return undefined;
      const isParallel =
        hasRotated ||
        (found.session.previous_refresh_hash === hash &&
          found.session.refresh_hash === hashToken(next) &&
          (await store.isFresh(session_id, graceMs)));
      if (!isParallel) {
        log.warn({ session_id, user_id: found.user.id }, "refresh token used twice, session revoked");
        const ended = await store.revoke(session_id, "refresh_reuse");
        forget({ session_ids: ended });
        if (ended.length > 0) await onReuse(found.user);
        return undefined;
      }
      const entry = remembered.get(session_id);
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
    /** Throws `not_found` for a session that is over or somebody else's. */
    end: async (userId: string, id: string): Promise<void> => {
      const ended = await store.revokeOwn(userId, id, "ended");
      if (ended.length === 0) throw notFound("Session");
      forget({ session_ids: ended });
    },
    endOthers: async (userId: string, keepId: string | undefined): Promise<void> =>
      forget({ session_ids: await store.revokeOfUser(userId, keepId, "ended") }),
    /** `andNote`: what is written in the same transaction. */
    revoke: async (id: string, reason: string, andNote?: (tx: Queries) => Promise<void>): Promise<void> =>
      forget({
        session_ids: await store.transaction(async (tx) => {
          await andNote?.(tx);
          return store.revoke(id, reason, tx);
        }),
      }),
    /** Ends all sessions of a user but one. In a transaction: call `forgetUser` after its commit. */
    revokeOthers: async (tx: Queries, userId: string, keepId: string | undefined, reason: string): Promise<void> => {
      await store.revokeOfUser(userId, keepId, reason, tx);
    },
    /** Ends all sessions of a user, in the caller's transaction; says how many. Call `forgetUser` after its commit. */
    endAll: async (tx: Queries, userId: string, reason: string): Promise<number> =>
      (await store.revokeOfUser(userId, undefined, reason, tx)).length,
    revokeAll: async (userId: string, reason: string): Promise<void> =>
      forget({ session_ids: await store.revokeOfUser(userId, undefined, reason) }),
    /** For whoever changed a user's name, role or state: here and in every other process the next call reads them anew. */
    forgetUser: async (userId: string): Promise<void> => {
      forget({ user_id: userId });
      await store.ring({ user_id: userId });
    },
    /** Calls `lookAnew` when something about this person may have changed. Returns the unsubscribe function. */
    watchPerson: (userId: string, lookAnew: () => void): (() => void) => {
      const all = people.get(userId) ?? new Set();
      people.set(userId, all);
      all.add(lookAnew);
      return () => {
        all.delete(lookAnew);
        if (all.size === 0 && people.get(userId) === all) people.delete(userId);
      };
    },
    /** Calls `ended` when the session is over, at its own end too, while something long is open on its behalf. Returns the unsubscribe function. */
    watch: (id: string, userId: string, ended: () => void): (() => void) => {
      const known = watched.get(id) ?? { user_id: userId, ended: new Set(), timer: undefined };
      watched.set(id, known);
      known.ended.add(ended);
      const entry = remembered.get(id);
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

import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { drizzle } from "drizzle-orm/node-postgres";
import type pg from "pg";
import type { Logger } from "pino";
import { isConnectionLoss } from "./connection-loss.ts";

/**
 * How long work waits for the database. A killed embedded server is back in a few seconds, a managed one fails over within half a
 * minute; after a minute an operator is needed, and users should see that their run has stopped.
 */
const longestOutageMs = 60_000;

export interface ReconnectOptions {
  /** Ends the wait, e.g. at shutdown. */
  signal?: AbortSignal;
  /** Called once when the database has been unreachable for too long. */
  onGiveUp?: () => void;
}

/** Retries database calls after a lost connection. */
export interface Reconnect {
  readonly longestMs: number;
  /**
   * While `work` runs, calls wait for an unreachable database. A statement or transaction whose connection was lost before its COMMIT is
   * retried; one whose COMMIT was not confirmed is retried only if that is idempotent.
   */
  during<T>(options: ReconnectOptions, work: () => Promise<T>): Promise<T>;
  /** Retries `work`, which must be idempotent, until the database responds. Outside of `during` it runs once. */
  retry<T>(work: (isRepeat: boolean) => Promise<T>): Promise<T>;
  /** Like `retry`, also outside of `during`: for shared work and streams. */
  retryAlways<T>(work: (isRepeat: boolean) => Promise<T>, options?: ReconnectOptions): Promise<T>;
  /** Reports an error of `retryAlways` to the current `during`, and throws it. */
  giveUp(error: unknown): never;
}

export function createReconnect(log: Logger, longestMs = longestOutageMs): Reconnect {
  const waiting = new AsyncLocalStorage<ReconnectOptions>();
  /** Start of the current outage: all calls time out at the same moment, regardless of when they started to wait. */
  let outage: { since: number; last: number } | undefined;

  const retry = async <T>(options: ReconnectOptions, work: (isRepeat: boolean) => Promise<T>): Promise<T> => {
    for (let attempt = 0; ; attempt++)
      try {
        const value = await work(attempt > 0);
        outage = undefined;
        return value;
      } catch (error) {
        if (!isConnectionLoss(error)) throw error;
        const now = performance.now();
        outage = outage && now - outage.last < longestMs ? { ...outage, last: now } : { since: now, last: now };
        if (now - outage.since >= longestMs) {
          options.onGiveUp?.();
          throw error;
        }
        if (attempt === 0) log.warn({ err: error }, "database connection lost, waiting for it");
        await sleep(Math.min(20 * 2 ** attempt, 1000), undefined, options.signal && { signal: options.signal }).catch(() => {
          throw error;
        });
      }
  };
  return {
    longestMs,
    during: (options, work) => waiting.run(options, work),
    retry: (work) => {
      const options = waiting.getStore();
      return options ? retry(options, work) : work(false);
    },
    retryAlways: (work, options = {}) => retry(options, work),
    giveUp: (error) => {
      if (isConnectionLoss(error)) waiting.getStore()?.onGiveUp?.();
      throw error;
    },
  };
}

/** Makes the calls of a pool and of drizzle wait for the database within `Reconnect.during`. */
export function waitForConnections(pool: pg.Pool, db: ReturnType<typeof drizzle>, reconnect: Reconnect): void {
  const connect = pool.connect.bind(pool);
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
  const transaction = db.transaction.bind(db);
  // The pool calls itself with a callback.
  pool.connect = ((callback?: Parameters<typeof connect>[0]) =>
    callback ? connect(callback) : reconnect.retry(() => connect())) as typeof pool.connect;
  pool.query = ((...args: unknown[]) => {
    if (typeof args.at(-1) === "function") return query(...args);
    return isRepeatable(textOf(args[0])) ? reconnect.retry(() => query(...args)) : onceConnected(args);
  }) as typeof pool.query;
  /** Only waits for a connection: an insert without a unique key could be stored twice. */
  const onceConnected = async (args: unknown[]) => {
    const client = await pool.connect();
    let failure: unknown;
    try {
      return await (client.query as (...args: unknown[]) => Promise<unknown>)(...args);
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      client.release(failure !== undefined);
    }
  };
  db.transaction = (async (work, config) => {
    // Only the caller can find out whether an unconfirmed COMMIT succeeded.
    let unanswered: { error: unknown } | undefined;
    const value = await reconnect.retry(async () => {
      let isCommitting = false;
      try {
        return await transaction(async (tx) => {
          const result = await work(tx);
          isCommitting = true;
          return result;
        }, config);
      } catch (error) {
        if (!isCommitting) throw error;
        unanswered = { error };
        return undefined;
      }
    });
    if (unanswered) throw unanswered.error;
    return value;
  }) as typeof db.transaction;
}

const textOf = (statement: unknown): string =>
  typeof statement === "string"
    ? statement
    : typeof statement === "object" && statement !== null && "text" in statement
      ? String(statement.text)
      : "";
/**
 * Whether a statement is idempotent: reads and writes, except inserts that create a new row each time and updates that increment a column
 * (`"n" = "t"."n" + 1`).
 */
export const isRepeatable = (text: string): boolean =>
  (!/\binsert\s+into\b/i.test(text) || /\bon conflict\b/i.test(text)) && !/("?)\b(\w+)\1\s*=\s*(?:"?\w+"?\.)?"?\b\2\b"?\s*[-+]/i.test(text);

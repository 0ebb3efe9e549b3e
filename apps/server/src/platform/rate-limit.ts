import { createHash } from "node:crypto";
import { isIPv6 } from "node:net";
import { sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { AppError } from "./errors.ts";
import { asJsonb } from "./postgres-text.ts";

export interface Limit {
  /** Counter key, e.g. `login:ip:203.0.113.9`. Stored as a hash. */
  key: string;
  max: number;
  windowSeconds: number;
}

/** Fixed-window counters in the database, shared by all processes. */
export interface RateLimiter {
  /** Counts one attempt against every limit. Throws `rate_limited` with the seconds to wait when one is exceeded. */
  count(...limits: Limit[]): Promise<void>;
  /** Resets the counters of these keys. */
  reset(...keys: string[]): Promise<void>;
  /** Deletes expired windows. */
  prune(): Promise<void>;
}

const hashKey = (key: string) => createHash("sha256").update(key).digest("base64url");

/** `factor` multiplies every limit; 0 disables them. */
export function createRateLimiter({ db, factor }: { db: Database; factor: number }): RateLimiter {
  return {
    count: async (...limits) => {
      if (factor === 0 || limits.length === 0) return;
      // Sorted, so that concurrent requests with the same keys cannot deadlock.
      const rows = limits.map((l) => ({ ...l, key: hashKey(l.key) })).sort((a, b) => (a.key < b.key ? -1 : 1));
      const counted = await db.execute<{ key: string; count: number; wait: number }>(sql`
        insert into rate_limits (key, count, resets_at)
        select key, 1, now() + make_interval(secs => seconds) from jsonb_to_recordset(${asJsonb(rows.map((r) => ({ key: r.key, seconds: r.windowSeconds })))}) as t(key text, seconds int) order by key
        on conflict (key) do update set
          count = case when rate_limits.resets_at <= now() then 1 else rate_limits.count + 1 end,
          resets_at = case when rate_limits.resets_at <= now() then excluded.resets_at else rate_limits.resets_at end
        returning key, count, extract(epoch from resets_at - now())::float8 as wait`);
      let waitSeconds = 0;
      for (const { key, count, wait } of counted.rows) {
        const limit = rows.find((r) => r.key === key);
        if (limit && count > Math.max(1, Math.floor(limit.max * factor))) waitSeconds = Math.max(waitSeconds, wait);
      }
      if (waitSeconds > 0)
        throw new AppError("rate_limited", `Too many requests. Try again in ${waitSeconds} seconds.`, { retryAfterSeconds: waitSeconds });
    },
    reset: async (...keys) => {
      if (factor === 0 || keys.length === 0) return;
      await db.execute(sql`delete from rate_limits where key = any(${sql.param(keys.map(hashKey))}::text[])`);
    },
    prune: async () => {
      await db.execute(sql`delete from rate_limits where resets_at < now()`);
    },
  };
}

/** The network counted for an IP address: IPv4 as it is, IPv6 by its /64, because one host owns a whole /64. */
export function rateLimitNetwork(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped) return mapped;
  if (!isIPv6(ip)) return ip;
  const [head = "", tail] = (ip.split("%")[0] ?? "").toLowerCase().split("::");
  const left = head.split(":").filter(Boolean);
  const right = (tail ?? "").split(":").filter(Boolean);
  const groups = tail === undefined ? left : [...left, ...Array<string>(8 - left.length - right.length).fill("0"), ...right];
  return `${groups
    .slice(0, 4)
    .map((g) => g.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}

import { expect, test } from "vitest";
import { testPlatform } from "../testing/platform.ts";
import { createRateLimiter, rateLimitNetwork } from "./rate-limit.ts";

const limit = (key: string, max = 3) => ({ key, max, windowSeconds: 60 });
const refusals = (results: PromiseSettledResult<unknown>[]) => results.filter((r) => r.status === "rejected").length;

test("exactly the allowed number passes, for any number of concurrent calls and processes", async () => {
  await using p = await testPlatform();
  await using q = await testPlatform({ of: p });
  const limiters = [p, q].map(({ database }) => createRateLimiter({ db: database.db, factor: 1 }));
  const results = await Promise.allSettled(Array.from({ length: 30 }, (_, i) => limiters[i % 2]?.count(limit("a"), limit("b", 20))));
  expect(refusals(results)).toBe(27);
  await expect(limiters[0]?.count(limit("c"))).resolves.toBe(undefined);
});
test("reports the seconds to wait, resets after that, and can be reset", async () => {
  await using p = await testPlatform();
  const limits = createRateLimiter({ db: p.database.db, factor: 1 });
  for (let i = 0; i < 3; i++) await limits.count(limit("a"));
  const refused = await limits.count(limit("a")).catch((e: unknown) => e as { code: string; retryAfterSeconds: number });
  expect(refused).toMatchObject({ code: "rate_limited" });
  expect(refused?.retryAfterSeconds).toBeGreaterThan(55);
  expect(refused?.retryAfterSeconds).toBeLessThanOrEqual(60);
  await p.database.pool.query("update rate_limits set resets_at = now() - interval '1 second'");
  for (let i = 0; i < 3; i++) await limits.count(limit("a"));
  await expect(limits.count(limit("a"))).rejects.toThrow();
  await limits.reset("a");
  await limits.count(limit("a"));
  await limits.prune();
  expect((await p.database.pool.query("select count(*)::int as n from rate_limits")).rows[0].n).toBe(1);
  await p.database.pool.query("update rate_limits set resets_at = now() - interval '1 second'");
  await limits.prune();
  expect((await p.database.pool.query("select count(*)::int as n from rate_limits")).rows[0].n).toBe(0);
});
test("the factor multiplies the limits, 0 disables them", async () => {
  await using p = await testPlatform();
  const double = createRateLimiter({ db: p.database.db, factor: 2 });
  expect(refusals(await Promise.allSettled(Array.from({ length: 8 }, () => double.count(limit("a")))))).toBe(2);
  const off = createRateLimiter({ db: p.database.db, factor: 0 });
  expect(refusals(await Promise.allSettled(Array.from({ length: 50 }, () => off.count(limit("a")))))).toBe(0);
});
test.each([
  ["203.0.113.9", "203.0.113.9"],
  ["::ffff:203.0.113.9", "203.0.113.9"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:0db8:0001:0002::1", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["", ""],
])("%s counts as %s", (ip, network) => expect(rateLimitNetwork(ip)).toBe(network));

import { rateLimitNetwork, type RateLimiter } from "../../../platform/rate-limit.ts";

const perMinute = (key: string, max: number) => ({ key: `marketplace:${key}`, max, windowSeconds: 60 });

/** Rate limits. Each throws `rate_limited`. */
export type MarketplaceLimits = ReturnType<typeof createMarketplaceLimits>;
export function createMarketplaceLimits(limits: RateLimiter) {
  return {
    browse: (ip: string) => limits.count(perMinute(`browse:${rateLimitNetwork(ip)}`, 120)),
    versions: (ip: string) => limits.count(perMinute(`versions:${rateLimitNetwork(ip)}`, 30)),
    write: (userId: string, what: "create" | "fork" | "review" | "submit" | "picture" | "recording" | "theme") =>
      limits.count(perMinute(`${what}:${userId}`, 30)),
    purchase: (userId: string) => limits.count(perMinute(`purchase:${userId}`, 10)),
  };
}

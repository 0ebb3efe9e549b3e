import { expect, test } from "vitest";
import { isLimit, usedOf, waysOut } from "./limits.ts";

const tier = (name: "free" | "pro", given: object = {}) => ({
  tier: name,
  price_cents: 0,
  annual_price_cents: null,
  intervals: name === "free" ? [] : ["monthly" as const],
  monthly_allowance: name === "free" ? 0 : 2000,
  daily_credits: 5,
  max_projects: name === "free" ? 3 : 15,
  max_deploys: name === "free" ? 1 : 3,
  byok_enabled: name !== "free",
  support_tier: "email",
  ...given,
});
const packages = [{ id: "small", credits: 500, price_cents: 500 }];
const offers = { is_enabled: true, packages, tiers: [tier("free"), tier("pro")] };
const free = { tier: "free" as const, byok_enabled: false, max_projects: 3, max_deploys: 1 };
const pro = { tier: "pro" as const, byok_enabled: true, max_projects: 15, max_deploys: 3 };
const ways = (code: string, plan: Parameters<typeof waysOut>[1] = free, sold: Parameters<typeof waysOut>[2] = offers) =>
  waysOut({ code }, plan, sold);

test("what is used of a limit, with its unit", () => {
  const used = (code: string, details?: Record<string, unknown>) => usedOf({ code, message: "", details });
  expect(used("project_limit_reached", { used: 3, limit: 3, unit: "count" })).toBe("3 of 3 projects used");
  expect(used("branch_limit_reached", { used: 8, limit: 8, unit: "count" })).toBe("8 of 8 branches used");
  expect(used("insufficient_credits", { used: 500, limit: 500, unit: "credits" })).toBe("500 of 500 plan credits used");
  expect(used("storage_full", { used: 3e9, limit: 2 ** 30, unit: "bytes" })).toBe("3.0 GB of 1024 MiB");
  expect(used("cost_limit_reached", { used: 90, limit: 100, unit: "cents" })).toBe("$0.90 of $1.00 used");
  expect(used("deploy_limit_reached", { used: 0, limit: 0, unit: "count" })).toBeUndefined();
  expect(used("project_limit_reached")).toBeUndefined();
});

test("only limits are limits", () => {
  expect(isLimit({ code: "project_limit_reached", message: "" })).toBe(true);
  expect(isLimit({ code: "rate_limited", message: "" })).toBe(false);
  expect(isLimit({ code: "toString", message: "" })).toBe(false);
  expect(isLimit(undefined)).toBe(false);
});

test("the ways out are those that this server sells and that help", () => {
  expect(ways("insufficient_credits")).toEqual(["top_up", "upgrade"]);
  expect(ways("insufficient_credits", pro)).toEqual(["top_up", "own_key"]);
  expect(ways("project_limit_reached")).toEqual(["upgrade"]);
  expect(ways("project_limit_reached", pro)).toEqual([]);
  expect(ways("deploy_limit_reached")).toEqual(["deploy_slot", "upgrade"]);
  expect(ways("byok_not_in_tier")).toEqual(["upgrade"]);
  expect(ways("domain_limit_reached")).toEqual([]);
  expect(ways("project_limit_reached", free, { ...offers, tiers: [tier("free"), tier("pro", { max_projects: null })] })).toEqual([
    "upgrade",
  ]);
  expect(ways("project_limit_reached", free, { ...offers, tiers: [tier("free"), tier("pro", { max_projects: 3 })] })).toEqual([]);
});

test("where nothing is sold, only an own key helps", () => {
  const nothing = { ...offers, is_enabled: false };
  expect(ways("insufficient_credits", free, nothing)).toEqual([]);
  expect(ways("insufficient_credits", { ...free, byok_enabled: true }, nothing)).toEqual(["own_key"]);
  expect(ways("deploy_limit_reached", free, nothing)).toEqual([]);
});

import type { MarketplaceSort } from "@tesslate/contract";
import { object, type InferOutput } from "valibot";
import { oneOfParam, pageParam, wordsParam } from "../../lib/search-params.ts";

export const itemTypes = ["agents", "bases"] as const;
export type ItemType = (typeof itemTypes)[number];
export const prices = { free: "Free", one_time: "One-time", monthly: "Monthly", api: "Usage-based" } as const;
export type Price = keyof typeof prices;
export const creatorTypes = { official: "Tesslate", community: "Community" } as const;
export type CreatorType = keyof typeof creatorTypes;
export const sorts = {
  featured: "Featured",
  popular: "Most installed",
  rating: "Highest rated",
  newest: "Newest",
  name: "Name",
  price_asc: "Price: low to high",
  price_desc: "Price: high to low",
} as const satisfies Partial<Record<MarketplaceSort, string>>;

const keysOf = <T extends object>(table: T) => Object.keys(table) as (keyof T & string)[];

/** Search and filters of the store, as in the URL. Without `type`: agents; without `sort`: featured ones first. */
export const marketplaceSearch = object({
  type: oneOfParam(["bases"]),
  q: wordsParam(),
  category: wordsParam(50),
  price: oneOfParam(keysOf(prices)),
  by: oneOfParam(keysOf(creatorTypes)),
  sort: oneOfParam(keysOf(sorts).filter((sort) => sort !== "featured")),
  page: pageParam,
});
export type MarketplaceSearch = InferOutput<typeof marketplaceSearch>;

const words: Record<string, string> = {
  fullstack: "Full stack",
  ai: "AI",
  cli: "Command line",
  saas: "SaaS",
  devops: "DevOps",
  data: "Data and SQL",
  analyzer: "Code review",
  refactoring: "Refactoring",
  database: "Databases",
  custom: "Other",
  admin: "Admin panels",
  landing: "Landing pages",
};
/** The label of a category. */
export const categoryName = (category: string): string =>
  words[category] ?? (category.charAt(0).toUpperCase() + category.slice(1)).replace(/[_-]+/g, " ");

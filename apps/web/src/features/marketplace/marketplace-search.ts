import type { AbilityFilter, MarketplaceSort } from "@tesslate/contract";
import { number, object, picklist, pipe, string, transform, union, type InferOutput } from "valibot";
import { oneOfParam, optionalParam, pageParam, wordsParam } from "../../lib/search-params.ts";

/** Agents and templates: what is added to the library. */
export type ItemType = "agents" | "bases";
/** The kinds of the store, by their name in the URL. */
export const kinds = {
  agents: { item_type: "agent", label: "Agents", noun: "agent" },
  bases: { item_type: "base", label: "Templates", noun: "template" },
  themes: { item_type: "theme", label: "Themes", noun: "theme" },
} as const;
export type Kind = keyof typeof kinds;
export const ratings = { "4": "4 stars and up", "3": "3 stars and up" } as const;
export type MinRating = keyof typeof ratings;
export const prices = { free: "Free", one_time: "One-time", monthly: "Monthly", api: "Usage-based" } as const;
export type Price = keyof typeof prices;
export const abilities = {
  read_only: "Read only",
  change_files: "Edit files",
  run_commands: "Run commands",
  use_web: "Reach the web",
  query_databases: "Query databases",
  check_app: "Check the app in a browser",
} as const satisfies Record<AbilityFilter, string>;
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

/** The router parses numbers in the URL. */
const ratingParam = optionalParam(pipe(union([string(), number()]), transform(String), picklist(keysOf(ratings))));
/** Search and filters of the store, as in the URL. Without `type`: all kinds; without `sort`: featured ones first. */
export const marketplaceSearch = object({
  type: oneOfParam(keysOf(kinds)),
  q: wordsParam(),
  category: wordsParam(50),
  price: oneOfParam(keysOf(prices)),
  rating: ratingParam,
  stack: wordsParam(100),
  may: oneOfParam(keysOf(abilities)),
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
  general: "General themes",
  minimal: "Minimal themes",
  vibrant: "Vibrant themes",
  professional: "Professional themes",
};
/** The label of a category. */
export const categoryName = (category: string): string =>
  words[category] ?? (category.charAt(0).toUpperCase() + category.slice(1)).replace(/[_-]+/g, " ");

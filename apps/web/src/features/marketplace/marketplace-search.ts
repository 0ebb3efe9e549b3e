import type { MarketplaceSort } from "@tesslate/contract";

export const itemTypes = ["agents", "bases"] as const;
export type ItemType = (typeof itemTypes)[number];
export const prices = { free: "Free", one_time: "One-time", monthly: "Monthly", api: "Usage-based" } as const;
export type Price = keyof typeof prices;
export const makers = { official: "Tesslate", community: "Community" } as const;
export type Maker = keyof typeof makers;
export const sorts = {
  featured: "Featured",
  popular: "Most installed",
  rating: "Highest rated",
  newest: "Newest",
  name: "Name",
  price_asc: "Price: low to high",
  price_desc: "Price: high to low",
} as const satisfies Partial<Record<MarketplaceSort, string>>;
export type Sort = keyof typeof sorts;

/** Search and filters of the store, as in the URL. */
export interface MarketplaceSearch {
  type?: "bases";
  q?: string;
  category?: string;
  price?: Price;
  by?: Maker;
  sort?: Sort;
  page?: number;
}

const oneOf = <T extends object>(table: T, value: unknown): keyof T | undefined =>
  typeof value === "string" && Object.hasOwn(table, value) ? (value as keyof T) : undefined;

export function marketplaceSearch(search: Record<string, unknown>): MarketplaceSearch {
  const page = Number(search["page"]);
  const price = oneOf(prices, search["price"]);
  const by = oneOf(makers, search["by"]);
  const sort = oneOf(sorts, search["sort"]);
  return {
    ...(search["type"] === "bases" && { type: "bases" }),
    ...(typeof search["q"] === "string" && search["q"] && { q: search["q"].slice(0, 200) }),
    ...(typeof search["category"] === "string" && search["category"] && { category: search["category"].slice(0, 50) }),
    ...(price && { price }),
    ...(by && { by }),
    ...(sort && sort !== "featured" && { sort }),
    ...(Number.isInteger(page) && page > 1 && { page }),
  };
}

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

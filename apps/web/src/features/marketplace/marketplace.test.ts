import { parse } from "valibot";
import { expect, test } from "vitest";
import { priceOf } from "./price.ts";
import { categoryName, marketplaceSearch } from "./marketplace-search.ts";

test("what the address says is taken where it makes sense, and nothing else", () => {
  expect(
    parse(marketplaceSearch, {
      type: "bases",
      q: "shop",
      category: "saas",
      price: "free",
      rating: 4,
      stack: "Next.js",
      by: "community",
      sort: "newest",
      page: 3,
    }),
  ).toEqual({
    type: "bases",
    q: "shop",
    category: "saas",
    price: "free",
    rating: "4",
    stack: "Next.js",
    by: "community",
    sort: "newest",
    page: 3,
  });
  expect(parse(marketplaceSearch, { type: "tools", q: "", rating: 5, price: "toString", by: 7, sort: "featured", page: 1.5 })).toEqual({});
});

test("a price is shown with its period; what is paid by use names its rates", () => {
  expect(priceOf({ pricing_type: "free", price_cents: 0 })).toBe("Free");
  expect(priceOf({ pricing_type: "one_time", price_cents: 1200 })).toBe("$12.00");
  expect(priceOf({ pricing_type: "monthly", price_cents: 450 })).toBe("$4.50 a month");
  expect(priceOf({ pricing_type: "api", price_cents: 0, api_pricing_input: 3, api_pricing_output: 15 })).toBe(
    "$3 in, $15 out, per million tokens",
  );
});

test("categories read as words", () => {
  expect(["fullstack", "frontend", "my_own-kind"].map(categoryName)).toEqual(["Full stack", "Frontend", "My own kind"]);
});

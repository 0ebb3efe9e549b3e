import { StoreCollection, StoreItem } from "@tesslate/contract";
import { expect, sample, screen, signedIn, test, waitFor, within, type CannedApi } from "../../testing/index.ts";

const kit = sample(StoreItem, {
  item_type: "base",
  name: "Shop kit",
  slug: "shop-kit",
  stack: ["React"],
  creator_name: "Lena",
  creator_username: "lena",
});
const facets = {
  item_type: [
    { value: "agent", count: 4 },
    { value: "base", count: 7 },
  ],
  category: [
    { value: "saas", count: 5 },
    { value: "old", count: 2 },
  ],
  pricing_type: [{ value: "free", count: 11 }],
  rating: [{ value: "4", count: 3 }],
  creator_type: [{ value: "community", count: 11 }],
  stack: [{ value: "React", count: 6 }],
  ability: [
    { value: "read_only", count: 1 },
    { value: "change_files", count: 3 },
  ],
};
function store(api: CannedApi): void {
  signedIn(api);
  api.answer("marketplaceItems.list", { items: [kit], total: 11, page: 1, total_pages: 1, facets });
  api.answer("marketplaceCollections.categories", { items: [{ slug: "saas", name: "Software as a service", item_types: ["base"] }] });
  api.answer("marketplaceCollections.list", { items: [sample(StoreCollection, { title: "Start here", description: "", items: [kit] })] });
}
const asked = (api: CannedApi) => api.asked("marketplaceItems.list").at(-1)?.query;

test("the front page has collections, tabs with counts, and cards that lead to items and creators", async ({ api, open }) => {
  store(api);
  open("/marketplace");
  const row = await screen.findByRole("region", { name: "Start here" });
  expect(within(row).getByRole("link", { name: "Shop kit" })).toHaveAttribute("href", "/marketplace/base/shop-kit");
  expect(within(row).getByRole("link", { name: "Lena" })).toHaveAttribute("href", "/@lena");
  const types = screen.getByRole("navigation", { name: "Item types" });
  expect(within(types).getByRole("link", { name: /All/ })).toHaveTextContent("11");
  expect(within(types).getByRole("link", { name: /Templates/ })).toHaveTextContent("7");
});

test("filters are in the address and in the request; a hidden category is no filter", async ({ api, open, user }) => {
  store(api);
  const app = open("/marketplace");
  const categories = await screen.findByRole("group", { name: "Category" });
  await within(categories).findByRole("button", { name: /Software as a service/ });
  expect(within(categories).getAllByRole("button")).toHaveLength(1);
  await user.click(within(categories).getByRole("button", { name: /Software as a service/ }));
  await waitFor(() => expect(app.path()).toBe("/marketplace?category=saas"));
  await user.click(screen.getByRole("button", { name: /React/ }));
  await user.click(screen.getByRole("button", { name: /4 stars and up/ }));
  await waitFor(() =>
    expect([asked(api)?.get("category"), asked(api)?.get("stack"), asked(api)?.get("rating")]).toEqual(["saas", "React", "4"]),
  );
  // No collections beside a search.
  expect(screen.queryByRole("region", { name: "Start here" })).not.toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Remove filter: React" }));
  await waitFor(() => expect(asked(api)?.has("stack")).toBe(false));
  await user.click(screen.getByRole("button", { name: "Clear" }));
  await waitFor(() => expect(app.path()).toBe("/marketplace"));
});

test("agents are filtered by what they may do; another tab drops the filter", async ({ api, open, user }) => {
  store(api);
  const app = open("/marketplace?type=agents");
  const group = await screen.findByRole("group", { name: "What it may do" });
  await user.click(within(group).getByRole("button", { name: /Edit files/ }));
  await waitFor(() => expect(app.path()).toBe("/marketplace?type=agents&may=change_files"));
  await waitFor(() => expect(asked(api)?.get("ability")).toBe("change_files"));
  expect(screen.getByRole("button", { name: "Remove filter: Edit files" })).toBeVisible();
  await user.click(within(screen.getByRole("navigation", { name: "Item types" })).getByRole("link", { name: /Templates/ }));
  await waitFor(() => expect(app.path()).toBe("/marketplace?type=bases"));
});

test("a search without matches says so and can be cleared", async ({ api, open, user }) => {
  store(api);
  api.answer("marketplaceItems.list", { items: [], total: 0, page: 1, total_pages: 0, facets: { ...facets, item_type: [] } });
  const app = open("/marketplace?q=zzz&type=agents");
  expect(await screen.findByText("No results for “zzz”")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Clear filters" }));
  await waitFor(() => expect(app.path()).toBe("/marketplace?type=agents"));
});

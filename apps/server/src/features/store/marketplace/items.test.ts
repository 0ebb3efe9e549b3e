import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StoreItem } from "@tesslate/contract";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";

let app: TestApp;
let ada: TestUser;
beforeAll(async () => {
  // Counts everything in the store.
  app = await testApp({ ownServer: true });
  ada = await app.signUp({ name: "Ada" });
});
afterAll(() => app?.close());

type Query = NonNullable<NonNullable<Parameters<ReturnType<TestApp["as"]>["marketplaceItems"]["list"]>[0]>["query"]>;
const list = (query: Query = {}, user?: TestUser) => app.as(user).marketplaceItems.list({ query });
const countsOf = (facet: { value: string; count: number }[]) => Object.fromEntries(facet.map(({ value, count }) => [value, count]));
const namesOf = (items: StoreItem[]) => items.map(({ name }) => name);

test("all kinds are in one list, as many as in the lists of each kind", async () => {
  const { total, facets, items } = await list({ limit: 500 });
  expect(countsOf(facets.item_type)).toEqual({
    agent: (await app.as().marketplaceAgents.list({ query: {} })).total,
    base: (await app.as().marketplaceBases.list({ query: {} })).total,
    theme: (await app.as().themes.list({ query: {} })).total,
  });
  expect(items.length).toBe(total);
  expect(new Set(items.map(({ id }) => id)).size).toBe(total);
  expect(items.find(({ slug }) => slug === "nord")).toMatchObject({ item_type: "theme", swatches: { background: expect.any(String) } });
  expect(JSON.stringify(items)).not.toContain("system_prompt");
});

test("each count is the number of matches of that filter, and filters narrow each other", async () => {
  const { facets } = await list();
  for (const { value, count } of facets.stack.slice(0, 3)) expect((await list({ stack: value.toUpperCase() })).total, value).toBe(count);
  for (const { value, count } of facets.category.slice(0, 3)) expect((await list({ category: value })).total, value).toBe(count);
  const react = await list({ stack: "React", limit: 100 });
  expect(countsOf(react.facets.item_type)).toEqual({ base: react.total });
  expect(react.items.every(({ stack }) => stack.includes("React"))).toBe(true);
  // Another value of the same filter is still offered.
  const backend = await list({ category: "backend" });
  expect(backend.facets.category).toEqual(facets.category);
  expect(backend.facets.stack.length).toBeGreaterThan(3);
  expect((await list({ category: "no-such" })).total).toBe(0);
});

test("agents are filtered by what others run of them may do: with its tools and features, also under former names", async () => {
  const create = (name: string, tools: string[] | null, config?: { features: Record<string, boolean> }) =>
    app
      .as(ada)
      .marketplaceAgents.create({ body: { name, description: "Tries abilities", system_prompt: "p", tools, ...(config && { config }) } });
  const reader = await create("Ability reader", ["read_file", "grep"]);
  await create("Ability writer", ["read_file", "write_file"]);
  await create("Ability offline", null, { features: { web_search: false } });
  const may = async (ability: NonNullable<Query["ability"]>) =>
    namesOf((await list({ search: "tries abilities", item_type: "agent", ability })).items).toSorted();
  expect(await may("read_only")).toEqual(["Ability reader"]);
  expect(await may("change_files")).toEqual(["Ability offline", "Ability writer"]);
  expect(await may("run_commands")).toEqual(["Ability offline"]);
  expect(await may("use_web")).toEqual([]);
  const { facets } = await list({ search: "tries abilities", item_type: "agent", ability: "read_only" });
  expect(countsOf(facets.ability)).toEqual({ read_only: 1, change_files: 2, run_commands: 1, query_databases: 1, check_app: 1 });
  const all = await list({ item_type: "agent" });
  for (const { value, count } of all.facets.ability)
    expect((await list({ item_type: "agent", ability: value as "read_only" })).total, value).toBe(count);
  expect((await list({ ability: "read_only" })).items.every(({ item_type }) => item_type === "agent")).toBe(true);
  expect((await list()).facets.ability).toEqual([]);
  // What its creator changes counts once it is published.
  await app.as(ada).marketplaceAgents.update({ params: { id: reader.id }, body: { tools: ["write_file"] } });
  expect(await may("read_only")).toEqual(["Ability reader"]);
  await app.as(ada).marketplaceAgents.publishVersion({ params: { id: reader.id }, body: {} });
  expect(await may("read_only")).toEqual([]);
  expect((await app.request("/api/marketplace/items?ability=everything")).status).toBe(422);
});

test("a word finds items of every kind, closest names first, and pages are stable", async () => {
  const found = await list({ search: "next" });
  expect(found.items[0]?.name.toLowerCase()).toMatch(/^next/);
  expect((await list({ search: "nord" })).items.map(({ item_type }) => item_type)).toContain("theme");
  expect((await list({ search: "tesslate agent" }, ada)).items[0]).toMatchObject({ item_type: "agent", is_purchased: true });
  expect(await list({ search: "zzzz-nothing" })).toMatchObject({ total: 0, items: [], facets: { category: [], stack: [] } });
  const pages = await Promise.all([1, 2, 3].map((page) => list({ page, limit: 10, sort: "newest" })));
  expect(new Set(pages.flatMap(({ items }) => items.map(({ id }) => id))).size).toBe(30);
});

test("what is published, changed, reviewed, hidden and deleted is so in the list at once", async () => {
  const agent = await app.as(ada).marketplaceAgents.create({
    body: { name: "Zebra Painter", description: "Paints stripes", system_prompt: "p", is_published: false, category: "frontend" },
  });
  const find = (query: Query = {}) => list({ search: "zebra", ...query });
  expect((await find()).total).toBe(0);
  await app.as(ada).marketplaceAgents.update({ params: { id: agent.id }, body: { is_published: true } });
  expect(namesOf((await find()).items)).toEqual(["Zebra Painter"]);
  expect((await find({ rating: "4" })).total).toBe(0);
  const bob = await app.signUp();
  await app.as(bob).marketplaceAgents.purchase({ params: { id: agent.id }, body: {} });
  await app.as(bob).marketplaceAgents.review({ params: { id: agent.id }, body: { rating: 4 } });
  const rated = await find({ rating: "4" });
  expect(rated.items[0]).toMatchObject({ rating: 4, downloads: 1, creator_name: "Ada" });
  expect(rated.facets.rating).toEqual([
    { value: "4", count: 1 },
    { value: "3", count: 1 },
  ]);
  await app.as(ada).marketplaceAgents.update({ params: { id: agent.id }, body: { category: "data", name: "Zebra Muralist" } });
  expect(countsOf((await find()).facets.category)).toEqual({ data: 1 });
  expect(namesOf((await list({ search: "muralist" })).items)).toEqual(["Zebra Muralist"]);
  await app.db.execute(sql`update agents set is_active = false where id = ${agent.id}`);
  expect((await find()).total).toBe(0);
  await app.db.execute(sql`update agents set is_active = true where id = ${agent.id}`);
  expect((await find()).total).toBe(1);
  await app.db.execute(sql`delete from agents where id = ${agent.id}`);
  expect((await find()).total).toBe(0);
});

test("private templates and custom themes are not listed", async () => {
  const base = await app.as(ada).marketplaceBases.create({
    body: {
      name: "Quagga",
      description: "Private",
      git_repo_url: "https://git.example.com/q",
      category: "saas",
      tech_stack: ["Vue", "vue"],
    },
  });
  await app.as(ada).themes.fork({ params: { id: "nord" }, body: { name: "Quagga theme" } });
  expect((await list({ search: "quagga" }, ada)).total).toBe(0);
  await app.as(ada).marketplaceBases.update({ params: { id: base.id }, body: { visibility: "public" } });
  const { items, facets } = await list({ search: "quagga" });
  expect(items).toMatchObject([{ item_type: "base", stack: ["Vue", "vue"] }]);
  expect(facets.stack).toEqual([{ value: "Vue", count: 1 }]);
});

test("unknown values are refused", async () => {
  for (const query of ["item_type=tool", "rating=9", "sort=best", "limit=0"])
    expect((await app.request(`/api/marketplace/items?${query}`)).status, query).toBe(422);
});

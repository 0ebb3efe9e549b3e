import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";

let app: TestApp;
let ada: TestUser;
let root: TestUser;
beforeAll(async () => {
  // Changes the order of all categories.
  app = await testApp({ ownServer: true });
  [ada, root] = await Promise.all([app.signUp({ name: "Ada" }), app.signUp({ admin: true })]);
});
afterAll(() => app?.close());

const admin = () => app.as(root).adminCollections;
const shown = (user?: TestUser) => app.as(user).marketplaceCollections.list({ query: {} });
const listed = async (item_type: "agent" | "base" | "theme", limit = 3) =>
  (await app.as().marketplaceItems.list({ query: { item_type, limit, sort: "name" } })).items.map(({ id }) => id);
const outcome = async (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: { status?: number; code?: string }) => [error.status, error.code],
  );

describe("categories", () => {
  test("are what agents and templates can have; those in use stay", async () => {
    const agent = (category: string) =>
      app.as(ada).marketplaceAgents.create({ body: { name: "Tagger", description: "Tags", system_prompt: "p", category } });
    expect(await outcome(agent("no-such"))).toEqual([422, "validation_error"]);
    // Of templates only.
    expect(await outcome(agent("saas"))).toEqual([422, "validation_error"]);
    const games = await admin().createCategory({ body: { name: "Games & toys", item_types: ["agent"] } });
    expect(games).toMatchObject({ slug: "games-toys", is_hidden: false, items_count: 0 });
    expect(await outcome(admin().createCategory({ body: { name: "Games, toys", item_types: ["agent"] } }))).toEqual([409, "conflict"]);
    const { id } = await agent("games-toys");
    expect((await admin().updateCategory({ params: { slug: "games-toys" }, body: { name: "Play", is_hidden: true } })).items_count).toBe(1);
    expect((await app.as().marketplaceCollections.categories({ query: {} })).items.map(({ slug }) => slug)).not.toContain("games-toys");
    expect(await outcome(agent("games-toys"))).toEqual([422, "validation_error"]);
    const params = { id };
    expect((await app.as(ada).marketplaceAgents.update({ params, body: { category: "games-toys", name: "Tagger 2" } })).category).toBe(
      "games-toys",
    );
    expect(await outcome(app.as(ada).marketplaceAgents.update({ params, body: { category: "saas" } }))).toEqual([422, "validation_error"]);
    const base = { name: "Kit", description: "A kit", git_repo_url: "https://git.example.com/kit" };
    expect(await outcome(app.as(ada).marketplaceBases.create({ body: { ...base, category: "custom" } }))).toEqual([
      422,
      "validation_error",
    ]);
    const made = await app.as(ada).marketplaceBases.create({ body: { ...base, category: "saas" } });
    expect(await outcome(app.as(ada).marketplaceBases.update({ params: { id: made.id }, body: { category: "custom" } }))).toEqual([
      422,
      "validation_error",
    ]);
  });
  test("every category in use is one, and the order is that of administrators", async () => {
    const { items } = await admin().categories({ query: {} });
    const { facets } = await app.as().marketplaceItems.list({ query: {} });
    expect(facets.category.map(({ value }) => value).filter((value) => !items.some(({ slug }) => slug === value))).toEqual([]);
    const order = items.map(({ slug }) => slug).reverse();
    expect((await admin().orderCategories({ body: { order } })).items.map(({ slug }) => slug)).toEqual(order);
    const agents = await app.as().marketplaceCollections.categories({ query: { item_type: "agent" } });
    expect(agents.items.every(({ item_types }) => item_types.includes("agent"))).toBe(true);
    expect(agents.items.map(({ slug }) => slug)).toEqual(order.filter((slug) => agents.items.some((one) => one.slug === slug)));
    expect(await outcome(admin().orderCategories({ body: { order: order.slice(1) } }))).toEqual([409, "conflict"]);
  });
});

describe("collections", () => {
  test("show listed items of all kinds, in order, to everyone", async () => {
    const items = [...(await listed("base", 1)), ...(await listed("theme", 1)), ...(await listed("agent", 2))];
    const made = await admin().createCollection({ body: { title: "Start here", description: "For the first day", items } });
    const { items: rows } = await shown();
    expect(rows).toMatchObject([{ id: made.id, title: "Start here", description: "For the first day" }]);
    expect(rows[0]?.items.map(({ id }) => id)).toEqual(items);
    const other = await admin().createCollection({ body: { title: "Second", items: items.slice(0, 1) } });
    await admin().orderCollections({ body: { order: [other.id, made.id] } });
    expect((await shown(ada)).items.map(({ title }) => title)).toEqual(["Second", "Start here"]);
    await admin().updateCollection({ params: { collection_id: made.id }, body: { items: items.slice(1).reverse() } });
    expect((await shown()).items[1]?.items.map(({ id }) => id)).toEqual(items.slice(1).reverse());
    await admin().updateCollection({ params: { collection_id: other.id }, body: { is_published: false } });
    expect((await shown()).items.map(({ title }) => title)).toEqual(["Start here"]);
    await admin().removeCollection({ params: { collection_id: made.id }, body: {} });
    expect((await shown()).items).toEqual([]);
  });
  test("leave out what is no longer listed, and show it again when it is", async () => {
    const [id = ""] = await listed("agent", 1);
    const { id: collection_id } = await admin().createCollection({ body: { title: "One", items: [id] } });
    await app.db.execute(sql`update agents set is_active = false where id = ${id}`);
    expect((await shown()).items).toEqual([]);
    // Kept, because it was in it before.
    expect((await admin().updateCollection({ params: { collection_id }, body: { items: [id] } })).items).toEqual([]);
    expect(await outcome(admin().createCollection({ body: { title: "Two", items: [id] } }))).toEqual([422, "validation_error"]);
    await app.db.execute(sql`update agents set is_active = true where id = ${id}`);
    expect((await shown()).items[0]?.items.map((item) => item.id)).toEqual([id]);
  });
  test("are changed by administrators only, with an entry in the audit log", async () => {
    const body = { title: "Mine" };
    expect(await outcome(app.as(ada).adminCollections.createCollection({ body }))).toEqual([403, "forbidden"]);
    expect(await outcome(app.as().adminCollections.createCollection({ body }))).toEqual([401, "unauthorized"]);
    expect(await outcome(admin().createCollection({ body: { title: " " } }))).toEqual([422, "validation_error"]);
    const { id } = await admin().createCollection({ body });
    expect(await outcome(admin().updateCollection({ params: { collection_id: id }, body: {} }))).toEqual([400, "nothing_to_change"]);
    await admin().removeCollection({ params: { collection_id: id }, body: {} });
    expect(await outcome(admin().removeCollection({ params: { collection_id: id }, body: {} }))).toEqual([404, "not_found"]);
    const { rows } = await app.studio.database.pool.query("select action_type from audit_log where target_id = $1 order by seq", [id]);
    expect(rows).toEqual([{ action_type: "store.collection_created" }, { action_type: "store.collection_deleted" }]);
  });
});

import { beforeAll, describe, expect, test } from "vitest";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { emptyProject } from "../../../testing/sandbox.ts";

let app: TestApp;
let ada: TestUser;
let bob: TestUser;
let admin: TestUser;
beforeAll(async () => {
  app = await testApp();
  [ada, bob, admin] = await Promise.all([app.signUp({ name: "Ada" }), app.signUp({ name: "Bob" }), app.signUp({ admin: true })]);
});

const find = (user: TestUser, q: string, limit?: number) => app.as(user).search.find({ query: { q, ...(limit && { limit }) } });
const sql = (text: string, values: unknown[] = []) => app.studio.database.pool.query(text, values);
const named = async (owner: TestUser, name: string) => {
  const project = await emptyProject(app, owner);
  await sql("update projects set name = $2 where id = $1", [project.id, name]);
  return project;
};
const chatIn = async (owner: TestUser, projectId: string, title: string) =>
  (await sql("insert into chats (user_id, project_id, title) values ($1, $2, $3) returning id", [owner.id, projectId, title])).rows[0]
    .id as string;

describe("search", () => {
  test("finds own projects and chats by every word, the start of a name first", async () => {
    const [inside, start, other] = [
      await named(ada, "My Quokka bakery"),
      await named(ada, "Quokka 100%_shop"),
      await named(bob, "Quokka of Bob"),
    ];
    const chat = await chatIn(ada, inside.id, "Quokka ordering form");
    await chatIn(bob, other.id, "Quokka of Bob's chat");
    const found = await find(ada, "  QUOKKA ");
    expect(found.projects.map(({ name }) => name)).toEqual(["Quokka 100%_shop", "My Quokka bakery"]);
    expect(found.chats).toEqual([{ id: chat, title: "Quokka ordering form", project_name: "My Quokka bakery", project_slug: inside.slug }]);
    expect((await find(ada, "bakery quokka")).projects.map(({ id }) => id)).toEqual([inside.id]);
    // Characters of patterns are literal.
    expect((await find(ada, "0%_s")).projects.map(({ id }) => id)).toEqual([start.id]);
    expect((await find(ada, "q%a")).projects).toEqual([]);
    expect((await find(ada, "quokka", 1)).projects).toHaveLength(1);
  });

  test("leaves out branches and what is being deleted", async () => {
    const project = await named(ada, "Wombat");
    const branch = await named(ada, "Wombat branch");
    const gone = await named(ada, "Wombat gone");
    await sql("update projects set branch_of = $2 where id = $1", [branch.id, project.id]);
    await sql("update projects set environment_status = 'deleting' where id = $1", [gone.id]);
    await chatIn(ada, gone.id, "Wombat chat");
    const found = await find(ada, "wombat");
    expect(found.projects.map(({ id }) => id)).toEqual([project.id]);
    expect(found.chats).toEqual([]);
    await sql("update projects set environment_status = 'stopped' where id = $1", [gone.id]);
  });

  test("finds agents and templates of the store and one's own, not those that others keep to themselves", async () => {
    const { id: agentId } = await app.as(ada).marketplaceAgents.create({
      body: { name: "Numbat reviewer", description: "Reviews.", system_prompt: "Review.", is_published: false },
    });
    await sql(
      `insert into bases (name, slug, description, category, visibility, created_by_user_id) values
       ('Numbat shop', 'numbat-shop', 'x', 'web', 'public', $1), ('Numbat private', 'numbat-private', 'x', 'web', 'private', $1)`,
      [bob.id],
    );
    expect(await find(ada, "numbat")).toMatchObject({
      agents: [{ id: agentId, name: "Numbat reviewer", is_own: true }],
      templates: [{ slug: "numbat-shop", is_own: false, in_library: false }],
    });
    expect((await find(bob, "numbat")).agents).toEqual([]);
    expect((await find(bob, "numbat")).templates.map(({ slug }) => slug).sort()).toEqual(["numbat-private", "numbat-shop"]);
    await sql("update bases set description = 'A zq of its own' where slug = 'numbat-shop'");
    expect((await find(ada, "zq")).templates).toEqual([]);
    expect((await find(ada, "zq of its")).templates.map(({ slug }) => slug)).toEqual(["numbat-shop"]);
    await sql("update agents set is_published = true where id = $1", [agentId]);
    expect((await find(bob, "numbat")).agents).toMatchObject([{ id: agentId, is_own: false }]);
  });

  test("finds people for an administrator with a session only", async () => {
    const kiwi = await app.signUp({ name: "Kiwi Findling" });
    expect((await find(admin, "kiwi findling")).people).toEqual([
      { id: kiwi.id, name: "Kiwi Findling", username: kiwi.username, email: kiwi.email, avatar_url: null },
    ]);
    expect((await find(ada, "kiwi findling")).people).toEqual([]);
    const { key } = await app.as(admin).auth.createApiKey({ body: { name: "search", scopes: ["read"] } });
    const response = await app.request("/api/search?q=kiwi", { headers: { authorization: `Bearer ${key}` } });
    expect(((await response.json()) as { people: unknown[] }).people).toEqual([]);
  });

  test("refuses strangers, empty texts and too large limits", async () => {
    expect((await app.request("/api/search?q=ada")).status).toBe(401);
    for (const query of ["", "?q=", "?q=%20", `?q=${"a".repeat(101)}`, "?q=a&limit=21", "?q=a&kind=chat"])
      expect((await app.request(`/api/search${query}`, { user: ada })).status, query).toBe(422);
  });
});

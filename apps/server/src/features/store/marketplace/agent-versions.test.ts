import { beforeAll, expect, test } from "vitest";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";

let app: TestApp;
let ada: TestUser;
let bob: TestUser;
beforeAll(async () => {
  app = await testApp();
  [ada, bob] = await Promise.all([app.signUp({ name: "Ada" }), app.signUp({ name: "Bob" })]);
});
const agents = (user?: TestUser) => app.as(user).marketplaceAgents;
const outcome = async (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: { status?: number; code?: string }) => [error.status, error.code],
  );
const create = (name: string, is_published = true) =>
  agents(ada).create({ body: { name, description: "Has versions", system_prompt: "One.", is_published } });
const entryOf = async (user: TestUser, id: string) =>
  (await app.as(user).library.agents({ query: { limit: 100 } })).items.find((one) => one.id === id);

test("others keep the version they took until they update; new users get the latest", async () => {
  const { id } = await create("Kept");
  const params = { id };
  await agents(bob).purchase({ params, body: {} });
  expect(await entryOf(bob, id)).toMatchObject({ version: 1, update_available: false, system_prompt: "One." });
  const changed = await agents(ada).update({ params, body: { system_prompt: "Two.", tools: ["read_file"] } });
  expect(changed).toMatchObject({ system_prompt: "Two.", has_unpublished_changes: true, latest_version: { number: 1 } });
  // Not published: nobody else sees or runs it.
  for (const viewer of [undefined, bob]) expect((await agents(viewer).get({ params: { slug: id } })).system_prompt).toBe("One.");
  const published = await agents(ada).publishVersion({ params, body: { notes: "Reads only" } });
  expect(published).toMatchObject({ has_unpublished_changes: false, latest_version: { number: 2, notes: "Reads only" } });
  expect(await agents(bob).get({ params: { slug: id } })).toMatchObject({
    system_prompt: "One.",
    library_version: 1,
    latest_version: { number: 2, notes: "Reads only" },
  });
  expect(await agents().get({ params: { slug: id } })).toMatchObject({
    system_prompt: "Two.",
    library_version: null,
    abilities: ["read_files"],
  });
  expect(await entryOf(bob, id)).toMatchObject({ version: 1, update_available: true, system_prompt: "One." });
  const carol = await app.signUp();
  await agents(carol).purchase({ params, body: {} });
  expect(await entryOf(carol, id)).toMatchObject({ version: 2, update_available: false });
  expect(await app.as(bob).library.updateVersion({ params })).toMatchObject({ version: 2, update_available: false, system_prompt: "Two." });
  expect((await agents().versions({ params, query: {} })).items.map(({ number, notes }) => [number, notes])).toEqual([
    [2, "Reads only"],
    [1, ""],
  ]);
  // A fork has what its creator can read.
  await agents(ada).update({ params, body: { system_prompt: "Three." } });
  expect((await agents(bob).fork({ params, body: {} })).system_prompt).toBe("Two.");
});

test("an entry that was removed keeps its version when it is added again", async () => {
  const { id } = await create("Again");
  const params = { id };
  await agents(bob).purchase({ params, body: {} });
  await agents(ada).update({ params, body: { system_prompt: "Two." } });
  await agents(ada).publishVersion({ params, body: {} });
  await app.as(bob).library.removeAgent({ params });
  await agents(bob).purchase({ params, body: {} });
  expect(await entryOf(bob, id)).toMatchObject({ version: 1, update_available: true });
});

test("a draft has no version until it is published; the same content is no new version", async () => {
  const { id, latest_version } = await create("Draft", false);
  expect(latest_version).toBeNull();
  const params = { id };
  expect(await outcome(agents(ada).publishVersion({ params, body: {} }))).toEqual([400, "agent_not_published"]);
  const published = await agents(ada).update({ params, body: { is_published: true, version_notes: "First" } });
  expect(published.latest_version).toMatchObject({ number: 1, notes: "First" });
  expect(await outcome(agents(ada).publishVersion({ params, body: {} }))).toEqual([400, "nothing_to_change"]);
  // A description belongs to the page, not to a version.
  expect((await agents(ada).update({ params, body: { description: "Other words" } })).has_unpublished_changes).toBe(false);
  expect(await outcome(agents(bob).publishVersion({ params, body: {} }))).toEqual([403, "forbidden"]);
  expect((await app.request(`/api/marketplace/agents/${id}/versions`, { method: "POST", json: {} })).status).toBe(401);
  expect((await app.request(`/api/marketplace/library/agents/${id}/update`, { method: "POST", json: {}, user: bob })).status).toBe(404);
});

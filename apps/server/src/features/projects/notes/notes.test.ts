import { beforeAll, expect, test } from "vitest";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";
import { emptyProject } from "../../../testing/sandbox.ts";

let app: TestApp;
let owner: TestUser;
beforeAll(async () => {
  app = await testApp();
  owner = await app.signUp();
});

const put = (id: string, content: unknown, headers: Record<string, string> = {}, user: TestUser | undefined = owner) =>
  app.request(`/api/projects/${id}/notes`, { method: "PUT", user, headers, json: { content } });

test("notes are empty at first; the first write is 201, a later one 200; reads return their version", async () => {
  const { id } = await emptyProject(app, owner);
  const empty = await app.request(`/api/projects/${id}/notes`, { user: owner });
  expect([empty.headers.get("etag"), await empty.json()]).toEqual(['"0"', { content: "", updated_at: null }]);
  const first = await put(id, "# Plan");
  expect([first.status, first.headers.get("etag")]).toEqual([201, '"1"']);
  const second = await put(id, "");
  expect([second.status, second.headers.get("etag")]).toEqual([200, '"2"']);
  await put(id, "# Plan B");
  const read = await app.request(`/api/projects/${id}/notes`, { user: owner });
  expect([read.headers.get("etag"), await read.json()]).toEqual(['"3"', { content: "# Plan B", updated_at: expect.any(String) }]);
});

test("with If-Match exactly one of many writers succeeds, from the first version on", async () => {
  const { id } = await emptyProject(app, owner);
  for (const [tag, ok] of [
    ['"0"', 201],
    ['"1"', 200],
  ] as const) {
    const responses = await Promise.all(Array.from({ length: 6 }, (_, i) => put(id, `writer ${i}`, { "if-match": tag })));
    expect(responses.map((a) => a.status).sort()).toEqual([ok, 412, 412, 412, 412, 412]);
    expect(await responses.find((a) => a.status === 412)?.json()).toMatchObject({
      code: "etag_mismatch",
      details: { etag: tag === '"0"' ? "1" : "2" },
    });
  }
  expect((await put(id, "x", { "if-match": '"nonsense"' })).status).toBe(412);
});

test("another user gets 404, a bad body 422, and a change is emitted", async () => {
  const { id } = await emptyProject(app, owner);
  const otherUser = await app.signUp();
  expect((await put(id, "x", {}, otherUser)).status).toBe(404);
  expect((await app.request(`/api/projects/${id}/notes`, { user: otherUser })).status).toBe(404);
  for (const content of [null, undefined, 5, "x".repeat(500_001)]) expect((await put(id, content)).status).toBe(422);
  await put(id, "y");
  for await (const event of app.as(owner).projects.events({ params: { id }, query: { last_event_id: 0 } })) {
    expect(event).toMatchObject({ type: "notes_changed", data: { etag: "1", user_id: owner.id } });
    break;
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { app } from "../src/app.ts";

const send = (method: string, path: string, body?: unknown) =>
  app.request(path, { method, headers: { "content-type": "application/json" }, ...(body !== undefined && { body: JSON.stringify(body) }) });
const create = async (body: unknown) => (await (await send("POST", "/api/bookmarks", body)).json()) as { id: string };

test("creates, reads, changes and deletes a bookmark", async () => {
  const { id } = await create({ url: "https://example.org", title: "Example", tags: ["test"] });
  assert.deepEqual(await (await app.request(`/api/bookmarks/${id}`)).json(), {
    id,
    url: "https://example.org",
    title: "Example",
    tags: ["test"],
  });
  const changed = await send("PATCH", `/api/bookmarks/${id}`, { title: "Changed" });
  assert.equal(((await changed.json()) as { title: string }).title, "Changed");
  assert.equal((await send("DELETE", `/api/bookmarks/${id}`)).status, 204);
  assert.equal((await app.request(`/api/bookmarks/${id}`)).status, 404);
});

test("lists bookmarks newest first, by tag and by text", async () => {
  await create({ url: "https://example.org/1", title: "One", tags: ["list"] });
  await create({ url: "https://example.org/2", title: "Two", tags: ["list"] });
  const titles = async (query: string) => {
    const { items } = (await (await app.request(`/api/bookmarks?${query}`)).json()) as { items: { title: string }[] };
    return items.map(({ title }) => title);
  };
  assert.deepEqual(await titles("tag=list"), ["Two", "One"]);
  assert.deepEqual(await titles("q=tWO"), ["Two"]);
});

test("refuses invalid bookmarks", async () => {
  for (const body of [
    {},
    { url: "ftp://example.org", title: "a" },
    { url: "https://example.org", title: " " },
    { url: "https://example.org", title: "a", tags: [1] },
  ])
    assert.equal((await send("POST", "/api/bookmarks", body)).status, 400);
  assert.equal((await app.request("/api/bookmarks", { method: "POST", body: "{" })).status, 400);
});

test("answers 404 for unknown bookmarks", async () => {
  for (const method of ["GET", "DELETE"]) assert.equal((await send(method, "/api/bookmarks/unknown")).status, 404);
  assert.equal((await send("PATCH", "/api/bookmarks/unknown", { title: "a" })).status, 404);
});

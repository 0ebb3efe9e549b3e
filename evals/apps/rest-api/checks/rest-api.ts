import { defineChecks, expect, type CheckContext } from "../../../src/checks.ts";

interface Bookmark {
  id: string | number;
  url: string;
  title: string;
  tags: string[];
}
const create = (request: CheckContext["request"], body: unknown) => request("/api/bookmarks", { method: "POST", body });
const errorOf = (json: unknown) => (json as { error?: string } | undefined)?.error ?? "";
const titles = (json: unknown) => (json as { items: Bookmark[] }).items.map(({ title }) => title);

export default defineChecks({
  "A bookmark can be created and read": async ({ request }) => {
    const made = await create(request, { url: "https://example.org/a", title: "Created", tags: ["news"] });
    expect(made.status).toBe(201);
    const bookmark = made.json as Bookmark;
    expect(bookmark).toMatchObject({ url: "https://example.org/a", title: "Created", tags: ["news"] });
    expect(bookmark.id).toBeDefined();
    const read = await request(`/api/bookmarks/${bookmark.id}`);
    expect(read.status).toBe(200);
    expect(read.json).toEqual(bookmark);
  },
  "Invalid bookmarks are refused, and the field is named": async ({ request }) => {
    for (const [body, field] of [
      [{ url: "ftp://example.org", title: "a" }, "url"],
      [{ url: "nonsense", title: "a" }, "url"],
      [{ url: "https://example.org", title: "" }, "title"],
      [{ url: "https://example.org" }, "title"],
      [{ url: "https://example.org", title: "a", tags: "news" }, "tags"],
    ] as const) {
      const { status, json } = await create(request, body);
      expect(status, JSON.stringify(body)).toBe(400);
      expect(errorOf(json).toLowerCase(), JSON.stringify(body)).toContain(field);
    }
    expect((await create(request, "{ not json")).status).toBe(400);
  },
  "The list is newest first and can be filtered": async ({ request }) => {
    await create(request, { url: "https://example.org/1", title: "Listed first", tags: ["alpha"] });
    await create(request, { url: "https://example.org/2", title: "Listed SECOND", tags: ["alpha", "beta"] });
    expect(titles((await request("/api/bookmarks?tag=alpha")).json)).toEqual(["Listed SECOND", "Listed first"]);
    expect(titles((await request("/api/bookmarks?tag=beta")).json)).toEqual(["Listed SECOND"]);
    expect(titles((await request("/api/bookmarks?q=listed%20second")).json)).toEqual(["Listed SECOND"]);
    expect(titles((await request("/api/bookmarks")).json).slice(0, 2)).toEqual(["Listed SECOND", "Listed first"]);
  },
  "A bookmark can be changed and deleted": async ({ request }) => {
    const { id } = (await create(request, { url: "https://example.org/c", title: "Before" })).json as Bookmark;
    const path = `/api/bookmarks/${id}`;
    const changed = await request(path, { method: "PATCH", body: { title: "After" } });
    expect(changed.status).toBe(200);
    expect(changed.json).toMatchObject({ id, title: "After", url: "https://example.org/c" });
    expect((await request(path, { method: "PATCH", body: { title: "" } })).status).toBe(400);
    expect((await request(path, { method: "DELETE" })).status).toBe(204);
    expect((await request(path)).status).toBe(404);
  },
  "Unknown bookmarks are not found": async ({ request }) => {
    for (const init of [{}, { method: "PATCH", body: { title: "a" } }, { method: "DELETE" }]) {
      const { status, json } = await request("/api/bookmarks/unknown", init);
      expect(status).toBe(404);
      expect(errorOf(json)).not.toBe("");
    }
  },
});

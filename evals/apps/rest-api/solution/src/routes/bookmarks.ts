import { randomUUID } from "node:crypto";
import { Hono, type Context } from "hono";
import { HTTPException } from "hono/http-exception";

interface Bookmark {
  id: string;
  url: string;
  title: string;
  tags: string[];
}

/** Bookmarks, kept in memory. */
export function createBookmarks(): Hono {
  const bookmarks = new Map<string, Bookmark>();
  const routes = new Hono();
  const find = (c: Context): Bookmark => {
    const bookmark = bookmarks.get(c.req.param("id") ?? "");
    if (!bookmark) throw new HTTPException(404, { message: "There is no such bookmark." });
    return bookmark;
  };

  routes.get("/", (c) => {
    const tag = c.req.query("tag");
    const q = c.req.query("q")?.toLowerCase();
    const items = [...bookmarks.values()]
      .reverse()
      .filter(({ tags, title }) => (tag === undefined || tags.includes(tag)) && (q === undefined || title.toLowerCase().includes(q)));
    return c.json({ items });
  });
  routes.post("/", async (c) => {
    const bookmark = { id: randomUUID(), ...checked({ tags: [], ...(await bodyOf(c)) }) };
    bookmarks.set(bookmark.id, bookmark);
    return c.json(bookmark, 201);
  });
  routes.get("/:id", (c) => c.json(find(c)));
  routes.patch("/:id", async (c) => {
    const before = find(c);
    const bookmark = { id: before.id, ...checked({ ...before, ...(await bodyOf(c)) }) };
    bookmarks.set(bookmark.id, bookmark);
    return c.json(bookmark);
  });
  routes.delete("/:id", (c) => {
    bookmarks.delete(find(c).id);
    return c.body(null, 204);
  });
  return routes;
}

async function bodyOf(c: Context): Promise<Record<string, unknown>> {
  const body: unknown = await c.req.json().catch(() => undefined);
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new HTTPException(400, { message: "The body must be a JSON object." });
  return body as Record<string, unknown>;
}

function checked({ url, title, tags }: Record<string, unknown>): Omit<Bookmark, "id"> {
  if (typeof url !== "string" || !/^https?:$/.test(URL.parse(url)?.protocol ?? ""))
    throw new HTTPException(400, { message: "url must be an http or https address." });
  if (typeof title !== "string" || title.trim() === "") throw new HTTPException(400, { message: "title must not be empty." });
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === "string"))
    throw new HTTPException(400, { message: "tags must be a list of strings." });
  return { url, title, tags };
}

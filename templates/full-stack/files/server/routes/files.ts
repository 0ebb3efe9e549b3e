import { zValidator } from "@hono/zod-validator";
import { and, count, desc, eq } from "drizzle-orm";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import { file } from "../schema.ts";
import { requireUser, type UserEnvironment } from "../session.ts";

export const maxFileBytes = 5 * 1024 * 1024;
const maxFiles = 50;
const tooLarge = "Files are limited to 5 MB.";
const upload = z.object({ file: z.instanceof(File, { error: "Choose a file." }).refine(({ size }) => size <= maxFileBytes, tooLarge) });
const byId = z.object({ id: z.uuid() });
const columns = { id: file.id, name: file.name, type: file.type, size: file.size, createdAt: file.createdAt };

/** Files of the signed-in user. They are only ever downloaded: a browser never opens them as pages of this site. */
export const fileRoutes = new Hono<UserEnvironment>()
  .use(requireUser)
  .get("/", async (c) => {
    const { db, user } = c.var;
    const items = await db.select(columns).from(file).where(eq(file.userId, user.id)).orderBy(desc(file.createdAt)).limit(maxFiles);
    return c.json({ items });
  })
  .post(
    "/",
    bodyLimit({ maxSize: maxFileBytes + 64 * 1024, onError: (c) => c.json({ error: tooLarge }, 413) }),
    zValidator("form", upload, (result, c) => (result.success ? undefined : c.json({ error: result.error.issues[0]?.message ?? "Choose a file." }, 422))),
    async (c) => {
      const { db, user } = c.var;
      const [known] = await db.select({ files: count() }).from(file).where(eq(file.userId, user.id));
      if ((known?.files ?? 0) >= maxFiles) return c.json({ error: `You can keep ${maxFiles} files. Delete one first.` }, 409);
      const { file: given } = c.req.valid("form");
      const content = Buffer.from(await given.arrayBuffer());
      const [made] = await db
        .insert(file)
        .values({ userId: user.id, name: safeName(given.name), type: given.type.slice(0, 100) || "application/octet-stream", size: content.length, content })
        .returning(columns);
      return c.json(made, 201);
    },
  )
  .get("/:id", zValidator("param", byId), async (c) => {
    const { db, user } = c.var;
    const [found] = await db.select().from(file).where(and(eq(file.id, c.req.valid("param").id), eq(file.userId, user.id)));
    if (!found) return c.json({ error: "Not found" }, 404);
    return c.body(new Uint8Array(found.content), 200, {
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(found.name)}`,
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox",
      "cache-control": "private, no-store",
    });
  })
  .delete("/:id", zValidator("param", byId), async (c) => {
    const { db, user } = c.var;
    const removed = await db.delete(file).where(and(eq(file.id, c.req.valid("param").id), eq(file.userId, user.id))).returning({ id: file.id });
    return removed.length > 0 ? c.body(null, 204) : c.json({ error: "Not found" }, 404);
  });

/** The last part of a path, without control characters. */
const safeName = (name: string): string =>
  (name.split(/[/\\]/).at(-1) ?? "").replaceAll(/\p{Cc}/gu, "").trim().slice(0, 200) || "file";

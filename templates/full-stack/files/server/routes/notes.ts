import { zValidator } from "@hono/zod-validator";
import { and, desc, eq } from "drizzle-orm";
import { Hono } from "hono";
import { z } from "zod";
import { note } from "../schema.ts";
import { requireUser, type UserEnvironment } from "../session.ts";

const pageSize = 100;
const newNote = z.object({ text: z.string().trim().min(1, "Enter a text.").max(2000) });
const byId = z.object({ id: z.uuid() });

/** Notes of the signed-in user. */
export const noteRoutes = new Hono<UserEnvironment>()
  .use(requireUser)
  .get("/", async (c) => {
    const { db, user } = c.var;
    const items = await db.select({ id: note.id, text: note.text, createdAt: note.createdAt }).from(note).where(eq(note.userId, user.id)).orderBy(desc(note.createdAt)).limit(pageSize);
    return c.json({ items });
  })
  .post("/", zValidator("json", newNote), async (c) => {
    const { db, user } = c.var;
    const [made] = await db.insert(note).values({ userId: user.id, text: c.req.valid("json").text }).returning({ id: note.id, text: note.text, createdAt: note.createdAt });
    return c.json(made, 201);
  })
  .delete("/:id", zValidator("param", byId), async (c) => {
    const { db, user } = c.var;
    const removed = await db.delete(note).where(and(eq(note.id, c.req.valid("param").id), eq(note.userId, user.id))).returning({ id: note.id });
    return removed.length > 0 ? c.body(null, 204) : c.json({ error: "Not found" }, 404);
  });

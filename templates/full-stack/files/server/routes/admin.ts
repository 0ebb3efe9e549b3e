import { zValidator } from "@hono/zod-validator";
import { asc, count, eq, getTableColumns } from "drizzle-orm";
import { Hono } from "hono";
import { z } from "zod";
import { file, note, user } from "../schema.ts";
import { requireAdmin, requireUser, type UserEnvironment } from "../session.ts";

const pageSize = 200;
const change = z.object({ role: z.enum(["user", "admin"]) });

/** For administrators: everyone else gets 404. */
export const adminRoutes = new Hono<UserEnvironment>()
  .use(requireUser, requireAdmin)
  .get("/users", async (c) => {
    const { db } = c.var;
    const { id, name, email, role, createdAt } = getTableColumns(user);
    const items = await db
      .select({ id, name, email, role, createdAt, notes: db.$count(note, eq(note.userId, user.id)), files: db.$count(file, eq(file.userId, user.id)) })
      .from(user)
      .orderBy(asc(createdAt))
      .limit(pageSize);
    const [all] = await db.select({ users: count() }).from(user);
    return c.json({ items, total: all?.users ?? 0 });
  })
  .patch("/users/:id", zValidator("json", change), async (c) => {
    const { db } = c.var;
    const id = c.req.param("id");
    if (id === c.var.user.id) return c.json({ error: "You cannot change your own role." }, 409);
    const changed = await db.update(user).set(c.req.valid("json")).where(eq(user.id, id)).returning({ id: user.id, role: user.role });
    return changed[0] ? c.json(changed[0]) : c.json({ error: "Not found" }, 404);
  });

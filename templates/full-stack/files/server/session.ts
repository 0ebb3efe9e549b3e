import { createMiddleware } from "hono/factory";
import type { Auth } from "./auth.ts";
import type { Database } from "./database.ts";
import type { Environment } from "./environment.ts";

/** The signed-in user, as the page sees it. */
export interface User {
  id: string;
  name: string;
  email: string;
  role: "user" | "admin";
}
export interface AppEnvironment {
  Variables: { db: Database; user: User | null };
}
/** After `requireUser`. */
export interface UserEnvironment {
  Variables: { db: Database; user: User };
}

/** Reads the session of each request. */
export const withSession = (db: Database, auth: Auth) =>
  createMiddleware<AppEnvironment>(async (c, next) => {
    c.set("db", db);
    const found = await auth.api.getSession({ headers: c.req.raw.headers });
    const user = found?.user;
    c.set("user", user ? { id: user.id, name: user.name, email: user.email, role: user.role === "admin" ? "admin" : "user" } : null);
    await next();
  });

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/** 403 for changes that a page of another origin asks for: browsers would send the visitor's cookies along. */
export const sameOriginOnly = (environment: Environment) =>
  createMiddleware(async (c, next) => {
    const origin = c.req.header("origin");
    const own = environment.PUBLIC_URL ? new URL(environment.PUBLIC_URL).host : (c.req.header("x-forwarded-host") ?? c.req.header("host"));
    const isForeign = origin !== undefined && URL.parse(origin)?.host !== own;
    if (isForeign && !safeMethods.has(c.req.method)) return c.json({ error: "Requests from other sites are refused." }, 403);
    await next();
  });

/** 401 without a session. */
export const requireUser = createMiddleware<UserEnvironment>(async (c, next) => {
  if (!(c.var.user as User | null)) return c.json({ error: "Sign in first." }, 401);
  await next();
});

/** 404 for everyone but administrators. */
export const requireAdmin = createMiddleware<UserEnvironment>(async (c, next) => {
  if (c.var.user.role !== "admin") return c.json({ error: "Not found" }, 404);
  await next();
});

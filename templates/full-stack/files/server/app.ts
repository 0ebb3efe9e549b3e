import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { createAuth, type Auth } from "./auth.ts";
import type { Database } from "./database.ts";
import type { Environment } from "./environment.ts";
import { adminRoutes } from "./routes/admin.ts";
import { fileRoutes } from "./routes/files.ts";
import { noteRoutes } from "./routes/notes.ts";
import type { AppEnvironment } from "./session.ts";
import { sameOriginOnly, withSession } from "./session.ts";

/** The API, without a server: tests call `request` on it. */
export function createApp(db: Database, environment: Environment) {
  const auth: Auth = createAuth(db, environment);
  return new Hono<AppEnvironment>()
    .use(secureHeaders())
    .onError((error, c) => {
      if (error instanceof HTTPException) return error.getResponse();
      console.error(error);
      return c.json({ error: "Something went wrong. Try again." }, 500);
    })
    .use("/api/*", sameOriginOnly(environment))
    .on(["GET", "POST"], "/api/auth/*", (c) => auth.handler(c.req.raw))
    .use("/api/*", withSession(db, auth))
    .get("/api/health", (c) => c.json({ status: "ok" as const }))
    .get("/api/me", (c) => c.json({ user: c.var.user }))
    .route("/api/notes", noteRoutes)
    .route("/api/files", fileRoutes)
    .route("/api/admin", adminRoutes)
    .all("/api/*", (c) => c.json({ error: "Not found" }, 404));
}

/** The routes, for the typed client of the page. */
export type App = ReturnType<typeof createApp>;

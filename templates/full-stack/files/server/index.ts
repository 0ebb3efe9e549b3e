import { serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { Hono } from "hono";
import { createApp } from "./app.ts";
import { migrateDatabase, openDatabase } from "./database.ts";
import { readEnvironment } from "./environment.ts";
import { makeAdmin } from "./roles.ts";

const environment = readEnvironment();
await migrateDatabase(environment.DATABASE_URL);
const { db, close } = openDatabase(environment.DATABASE_URL);
if (environment.ADMIN_EMAIL && !(await makeAdmin(db, environment.ADMIN_EMAIL)))
  console.warn(`ADMIN_EMAIL: there is no account ${environment.ADMIN_EMAIL} yet. Sign up with it, then restart.`);

/** Vite puts a hash of their content into these names. */
const isHashed = (path: string) => path.includes("/assets/");

const root = new Hono().route("/", createApp(db, environment));
// In production this server also serves the page; during development Vite does.
const dist = join(import.meta.dirname, "../dist");
if (environment.NODE_ENV === "production" && existsSync(dist)) {
  const folder = relative(process.cwd(), dist) || ".";
  root.use(
    serveStatic({
      root: folder,
      onFound: (path, c) => c.header("cache-control", isHashed(path) ? "public, max-age=31536000, immutable" : "no-cache"),
    }),
  );
  // Unknown paths are routes of the page.
  root.get("*", serveStatic({ root: folder, path: "index.html", onFound: (_, c) => c.header("cache-control", "no-cache") }));
} else {
  root.get("/", (c) => c.html('<!doctype html><html lang="en"><title>API</title><h1>API</h1><p>It works. The page is in the container Web; this is <a href="/api/health">/api/health</a>.'));
}

const server = serve({ fetch: root.fetch, port: environment.PORT, hostname: environment.HOST }, ({ port }) =>
  console.log(`API on http://localhost:${port}`),
);
for (const signal of ["SIGTERM", "SIGINT"] as const)
  process.once(signal, () => {
    server.close(() => void close().then(() => process.exit(0)));
    // Connections that browsers keep open would delay the end.
    if ("closeIdleConnections" in server) server.closeIdleConnections();
    setTimeout(() => process.exit(0), 3000).unref();
  });

import { existsSync } from "node:fs";
import { join } from "node:path";
import serveStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";
import type { RouteGroup } from "@tesslate/contract";
import { AppError } from "../platform/errors.ts";
import { sessionCookie } from "./context.ts";
import { createPages } from "./pages.ts";

/** Methods of the routes at a path, for 405 responses. */
function createMethodsAt(contract: Record<string, RouteGroup>): (path: string) => string[] {
  const routes = Object.values(contract)
    .flatMap((group) => Object.values(group))
    .filter(({ kind }) => kind !== "socket")
    .map(({ path, method, kind }) => ({
      pattern: new RegExp(`^${path.replace("{path}", ".*").replace(/\{[^}]+\}/g, "[^/]+")}/?$`),
      methods: method === "GET" && kind !== "sse" ? ["GET", "HEAD"] : [method],
    }));
  return (path) => [...new Set(routes.flatMap(({ pattern, methods }) => (pattern.test(path) ? methods : [])))].sort();
}

/** Programs get JSON for a path that does not exist; `curl` and probes get the pages that are certain to exist. */
const isForReaders = (path: string, accept = "*/*"): boolean =>
  accept.includes("text/html") || (accept.includes("*/*") && (path === "/" || path === "/help" || path.startsWith("/help/")));

/** What is no route: files and pages of the web UI in `webDir`, otherwise 405 or 404. */
export async function installFallbacks(
  app: FastifyInstance,
  { contract, webDir, isHelpPublic }: { contract: Record<string, RouteGroup>; webDir: string | undefined; isHelpPublic: boolean },
): Promise<void> {
  const pageOf = webDir && existsSync(join(webDir, "index.html")) ? createPages(webDir, { isHelpPublic }) : undefined;
  if (pageOf) {
    await app.register(serveStatic, {
      root: webDir,
      index: false,
      preCompressed: true,
      wildcard: false,
      cacheControl: false,
      setHeaders: (reply, path) =>
        void reply.header("cache-control", path.includes("/assets/") ? "public, max-age=31536000, immutable" : "no-cache"),
    });
  }
  const methodsAt = createMethodsAt(contract);
  app.setNotFoundHandler(async (request, reply) => {
    const [path = "/", query] = request.url.split("?");
    const isPage =
      request.method === "GET" && !path.startsWith("/api/") && !/\.\w+$/.test(path) && isForReaders(path, request.headers.accept);
    const hasSession = request.headers.cookie?.includes(`${sessionCookie}=`) === true;
    if (isPage && pageOf) return reply.sendFile(pageOf({ path, hasQuery: Boolean(query), hasSession }));
    const allowed = methodsAt(path);
    if (allowed.length > 0)
      throw new AppError("method_not_allowed", `${request.method} is not allowed here. Allowed: ${allowed.join(", ")}.`, {
        details: { allowed },
      });
    throw new AppError("not_found", "No route matches this URL.");
  });
}

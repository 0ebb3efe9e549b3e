import { freePort } from "@tesslate/testkit";
import { Writable } from "node:stream";
import type { RouteGroup } from "@tesslate/contract";
import { readConfig, type Config } from "../config.ts";
import type { Authenticator, Principal } from "../http/context.ts";
import type { Handlers } from "../http/mount.ts";
import type { OtherSites } from "../http/preview-site.ts";
import { createHttpServer, type HttpServer } from "../http/server.ts";
import { createLogger } from "../platform/logger.ts";
import { unauthorized } from "../platform/errors.ts";

/** The HTTP layer alone, with test routes and users known by simple tokens. */
export interface TestHttp extends AsyncDisposable {
  url: string;
  port: number;
  server: HttpServer;
  logs(): string;
  /** Revokes the session of a user. */
  revoke(token: string): void;
  /** Requests passed to the preview site, as `<method or upgrade> <host> <url>`. */
  previewed: string[];
}
export const ada: Principal = {
  id: "00000000-0000-4000-8000-00000000000a",
  is_superuser: false,
  username: "ada",
  name: "Ada",
  session_id: "s-ada",
  via: "bearer",
};
const root: Principal = { ...ada, id: "00000000-0000-4000-8000-00000000000b", username: "root", is_superuser: true, session_id: "s-root" };

/** Bearer or cookie `ada` and `root` are those people; the ticket `ticket` works once; the CSRF token is `csrf`. */
export async function startHttp<G extends RouteGroup>(
  routes: G,
  handlers: Handlers<G>,
  options: { env?: Record<string, string>; configure?: (config: Config["http"]) => void; webDir?: string } = {},
): Promise<TestHttp> {
  let lines = "";
  const output = new Writable({
    write(chunk, _encoding, done) {
      lines += String(chunk);
      done();
    },
  });
  const port = await freePort();
  const { http: config } = readConfig({ PORT: String(port), ...options.env });
  options.configure?.(config);
  const people: Record<string, Principal> = { ada, root };
  const tickets = new Set(["ticket"]);
  const watching = new Map<string, Set<() => void>>();
  const auth: Authenticator = {
    authenticate: async ({ bearer, cookie }) => {
      const known = people[bearer ?? cookie ?? ""];
      return known && { ...known, via: bearer === undefined ? "cookie" : "bearer" };
    },
    refusal: async () => unauthorized(),
    redeemTicket: async (ticket) => (tickets.delete(ticket) ? { ...ada, via: "ticket" } : undefined),
    checkCsrf: (_principal, header) => {
      if (header !== "csrf") throw unauthorized("no", "csrf_missing");
    },
    noteImpersonated: async () => undefined,
    watch: (principal, ended) => {
      const set = watching.get(principal.username) ?? new Set();
      watching.set(principal.username, set.add(ended));
      return () => void set.delete(ended);
    },
  };
  const previewed: string[] = [];
  const preview: OtherSites = {
    serves: () => false,
    request: (request, response) => {
      previewed.push(`${request.method} ${request.headers.host} ${request.url}`);
      response.end("a preview");
    },
    upgrade: (request, socket) => {
      previewed.push(`upgrade ${request.headers.host} ${request.url}`);
      socket.end("HTTP/1.1 418 Preview\r\n\r\n");
    },
  };
  const server = await createHttpServer({
    config,
    log: createLogger("debug", output),
    auth,
    idempotency: { once: async (_claim, work) => ({ ...(await work()), isReplayed: false }) },
    preview,
    contract: { test: routes },
    version: "0.0.0",
    ...(options.webDir && { webDir: options.webDir }),
  });
  server.mount("test", routes, handlers);
  await server.listen();
  return {
    url: `http://localhost:${port}`,
    port,
    server,
    previewed,
    logs: () => lines,
    revoke: (name) => {
      for (const ended of watching.get(name) ?? []) ended();
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** Sends a raw request that `fetch` would not send. Resolves with everything received until the server closes. */
export async function rawRequest(port: number, text: string): Promise<string> {
  const { connect } = await import("node:net");
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => (answer += chunk));
    socket.once("error", reject).once("close", () => resolve(answer));
    socket.setTimeout(5000, () => socket.destroy(new Error(`no end of the answer: ${answer}`)));
  });
}

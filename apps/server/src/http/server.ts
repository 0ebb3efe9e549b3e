import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import cookie from "@fastify/cookie";
import cors from "@fastify/cors";
import helmet from "@fastify/helmet";
import multipart from "@fastify/multipart";
import serveStatic from "@fastify/static";
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance, type FastifyReply } from "fastify";
import type { RouteGroup } from "@tesslate/contract";
import type { Config } from "../config.ts";
import { AppError } from "../platform/errors.ts";
import type { Logger } from "../platform/logger.ts";
import type { Authenticator, Idempotency } from "./context.ts";
import { renderError } from "./errors.ts";
import { createMount, installEdges, nextRequestId, type Mount, type RequestWatch } from "./mount.ts";
import { buildOpenApi } from "./openapi.ts";
import type { ReservedPort } from "./reserved-port.ts";
import { createPages } from "./pages.ts";
import { installReference } from "./reference.ts";
import { createSerializerCompiler, createValidatorCompiler } from "./schemas.ts";
import { createSockets } from "./sockets.ts";

/** Previews on the same port: requests for hosts under PREVIEW_DOMAIN never reach the app. */
export interface PreviewSite {
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Grace period for open requests at shutdown. */
const closeGraceMs = 5000;

export interface HttpServer {
  app: FastifyInstance;
  mount: Mount;
  listen(): Promise<{ port: number }>;
  /** Ends streams and sockets, completes open requests, stops listening. */
  close(): Promise<void>;
}

export interface HttpOptions {
  config: Config["http"];
  log: Logger;
  auth: Authenticator;
  idempotency: Idempotency;
  preview: PreviewSite;
  contract: Record<string, RouteGroup>;
  version: string;
  /** Folder of the built web UI; the API runs without it. */
  webDir?: string;
  /** The port reserved at start. */
  port?: ReservedPort;
  watch?: RequestWatch;
}

const hostOf = (header: string | undefined) =>
  (header ?? "")
    .toLowerCase()
    .replace(/:\d+$/, "")
    .replace(/^\[|\]$/g, "");
const isIpLiteral = (host: string) => /^[\d.]+$/.test(host) || host.includes(":");

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

export async function createHttpServer({
  config,
  log,
  auth,
  idempotency,
  preview,
  contract,
  version,
  webDir,
  port,
  watch,
}: HttpOptions): Promise<HttpServer> {
  const shutdown = new AbortController();
  const appOrigin = new URL(config.appBaseUrl).origin;
  const origins = new Set([appOrigin, ...config.corsOrigins]);
  const isPreviewHost = (host: string) => host === config.previewDomain || host.endsWith(`.${config.previewDomain}`);
  const knownHosts = new Set(["localhost", config.appHost, ...config.corsOrigins.map((o) => new URL(o).hostname)]);
  /** Accepts configured host names and IP addresses; any other name is a DNS rebinding attack. */
  const isOwnHost = (host: string) => knownHosts.has(host) || isIpLiteral(host);
  const isOwnOrigin = (origin: string) => {
    if (origins.has(origin)) return true;
    const url = URL.parse(origin);
    const port = url?.port || "80";
    // Opened by another own name (127.0.0.1 for localhost, an IP address of this host): plain http on our own port, never a preview host.
    return url?.protocol === "http:" && !isPreviewHost(url.hostname) && isOwnHost(hostOf(url.host)) && port === String(boundPort);
  };
  let boundPort = config.port;

  const app = fastify({
    loggerInstance: log as FastifyBaseLogger,
    // mount.ts logs one line per request.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "request_id" }),
    genReqId: nextRequestId,
    // With one proxy, the address it saw, not the client's own X-Forwarded-For.
    trustProxy: config.trustProxy ? (_address, hop) => hop === 0 : false,
    bodyLimit: 1024 * 1024,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 4096 },
    forceCloseConnections: "idle",
    requestTimeout: 0,
    frameworkErrors: (error, request, reply) => {
      const { status, headers, body } = renderError(error, request.id);
      void (reply as unknown as FastifyReply)
        .code(status)
        .headers(headers)
        .type("application/json; charset=utf-8")
        .send(JSON.stringify(body));
    },
    clientErrorHandler: (error, socket) => {
      if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
      const [status, line] = error.code === "HPE_HEADER_OVERFLOW" ? [431, "Request Header Fields Too Large"] : [400, "Bad Request"];
      const body = JSON.stringify({
        detail: status === 431 ? "The request's headers are too large." : "The HTTP request is malformed.",
        code: "bad_request",
      });
      socket.end(
        `HTTP/1.1 ${status} ${line}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
      );
    },
    serverFactory: (handler) => {
      const server: Server = createServer({ keepAliveTimeout: 72_000 }, (request, response) =>
        isPreviewHost(hostOf(request.headers.host)) ? preview.request(request, response) : handler(request, response),
      );
      const emit = server.emit.bind(server);
      server.emit = (event: string, ...args: unknown[]) => {
        const [request, socket, head] = args as [IncomingMessage, Duplex, Buffer];
        if (event === "upgrade" && isPreviewHost(hostOf(request.headers.host))) {
          preview.upgrade(request, socket, head);
          return true;
        }
        return emit(event, ...args);
      };
      return server;
    },
  });
  app.setValidatorCompiler(createValidatorCompiler());
  app.setSerializerCompiler(createSerializerCompiler());
  installEdges(app, watch);

  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    if (!isOwnHost(hostOf(request.headers.host)))
      throw new AppError("bad_request", "Unknown host name. Set APP_BASE_URL to the URL users open.");
  });
  app.removeContentTypeParser("text/plain");
  const json = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) =>
    body === "" ? done(null, undefined) : json(request, body as string, done),
  );
  app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(body as string))),
  );
  await app.register(cookie);
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        // CodeMirror, xterm and Radix write style elements at run time.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", "data:", "blob:"],
        // Blob URLs are created only by our own page, to show project files.
        mediaSrc: ["'self'", "blob:"],
        fontSrc: ["'self'", "data:"],
        connectSrc: ["'self'"],
        // Previews, and PDFs in the browser's viewer.
        frameSrc: [
          `http://*.${config.previewDomain}:*`,
          `https://*.${config.previewDomain}:*`,
          `http://*.${config.previewDomain}`,
          `https://*.${config.previewDomain}`,
          "'self'",
        ],
        frameAncestors: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
      },
    },
    frameguard: { action: "sameorigin" },
    hsts: config.appBaseUrl.startsWith("https:"),
    crossOriginEmbedderPolicy: false,
    crossOriginResourcePolicy: { policy: "same-origin" },
    referrerPolicy: { policy: "same-origin" },
  });
  await app.register(cors, {
    origin: (origin, done) => done(null, origin !== undefined && origins.has(origin) ? origin : false),
    credentials: true,
    methods: ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    allowedHeaders: [
      "Content-Type",
      "Authorization",
      "Accept",
      "Idempotency-Key",
      "If-Match",
      "If-None-Match",
      "Last-Event-ID",
      "X-CSRF-Token",
    ],
    exposedHeaders: ["ETag", "Idempotent-Replayed", "Retry-After", "X-Request-Id"],
    maxAge: 600,
    strictPreflight: false,
    preflight: true,
  });
  app.addHook("onRequest", async (request) => {
    if (request.method === "OPTIONS" && request.headers.origin !== undefined && !origins.has(request.headers.origin))
      throw new AppError("forbidden", "This origin is not allowed to call the API. Add it to CORS_ORIGINS.");
  });
  await app.register(multipart, { limits: { fileSize: 20 * 1024 * 1024, files: 1, fields: 20 } });

  await installReference(app, () => buildOpenApi(contract, { version }));

  const sockets = createSockets({
    auth,
    log,
    isAllowedOrigin: isOwnOrigin,
    isAllowedHost: (header) => isOwnHost(hostOf(header)),
    parseCookies: (header) => app.parseCookie(header),
    nextRequestId,
    pingMs: config.socketPingMs,
  });
  sockets.attach(app.server);
  const mount = createMount({ app, sockets, auth, idempotency, shutdown: shutdown.signal, isSameSiteOrigin: isOwnOrigin });

  const pageOf = webDir && existsSync(join(webDir, "index.html")) ? createPages(webDir) : undefined;
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
    const path = request.url.split("?")[0] ?? "/";
    const isPage =
      request.method === "GET" && !path.startsWith("/api/") && !/\.\w+$/.test(path) && (request.headers.accept ?? "").includes("text/html");
    if (isPage && pageOf) return reply.sendFile(pageOf(path));
    const allowed = methodsAt(path);
    if (allowed.length > 0)
      throw new AppError("method_not_allowed", `${request.method} is not allowed here. Allowed: ${allowed.join(", ")}.`, {
        details: { allowed },
      });
    throw new AppError("not_found", "No route matches this URL.");
  });

  return {
    app,
    mount,
    listen: async () => {
      await port?.release();
      await app.listen({ port: config.port, host: config.host });
      const address = app.server.address();
      boundPort = typeof address === "object" && address ? address.port : config.port;
      return { port: boundPort };
    },
    close: async () => {
      shutdown.abort();
      await sockets.close();
      // A client that does not read its response must not block the shutdown.
      const timer = setTimeout(() => app.server.closeAllConnections(), closeGraceMs);
      await app.close().finally(() => clearTimeout(timer));
    },
  };
}

import cookie from "@fastify/cookie";
import multipart from "@fastify/multipart";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import type { RouteGroup } from "@tesslate/contract";
import type { Config } from "../config.ts";
import { AppError } from "../platform/errors.ts";
import type { Logger } from "../platform/logger.ts";
import type { ProjectLookup } from "../platform/servers/index.ts";
import { installBrowserPolicies } from "./browser-policies.ts";
import type { Authenticator, Idempotency } from "./context.ts";
import { installFallbacks } from "./fallbacks.ts";
import { createFastify } from "./fastify.ts";
import type { Forwarding } from "./forwarding.ts";
import { createMount, installEdges, nextRequestId, type Mount, type RequestWatch } from "./mount.ts";
import { buildOpenApi } from "./openapi.ts";
import { createPlaceRoute } from "./placement.ts";
import { createOwnHosts, hostOf } from "./own-hosts.ts";
import type { OtherSites } from "./preview-site.ts";
import type { ReservedPort } from "./reserved-port.ts";
import { installReference } from "./reference/index.ts";
import { createSockets } from "./sockets.ts";

/** Grace period for open requests at shutdown. */
const closeGraceMs = 5000;

export interface HttpServer {
  app: FastifyInstance;
  mount: Mount;
  listen(): Promise<{ port: number }>;
  /** Ends streams and sockets, so that their clients connect to another server. Requests are still served. */
  endStreams(): Promise<void>;
  /** Ends streams and sockets, completes open requests, stops listening. */
  close(): Promise<void>;
}

export interface HttpOptions {
  config: Config["http"];
  log: Logger;
  auth: Authenticator;
  idempotency: Idempotency;
  preview: OtherSites;
  contract: Record<string, RouteGroup>;
  version: string;
  /** Folder of the built web UI; the API runs without it. */
  webDir?: string;
  /** The port reserved at start. */
  port?: ReservedPort;
  watch?: RequestWatch;
  /** Of one of several servers. */
  several?: { forwarding: Forwarding; lookup: ProjectLookup } | undefined;
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
  several,
}: HttpOptions): Promise<HttpServer> {
  const shutdown = new AbortController();
  let boundPort = config.port;
  const { origins, isPreviewHost, isOwnHost, isOwnOrigin } = createOwnHosts(config, () => boundPort);
  const app = createFastify({
    config,
    log,
    preview,
    forwardedRequestId: several?.forwarding.forwardedRequestId,
    isPreviewHost: (host) => isPreviewHost(host) || (!isOwnHost(host) && preview.serves(host)),
  });
  installEdges(app, watch);
  // The sender of a forwarded request waits with its body until it is accepted.
  if (several)
    app.server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
      if (several.forwarding.forwardedIp(request) === undefined) response.writeContinue();
      app.server.emit("request", request, response);
    });
  const placeRoute = several && createPlaceRoute(several);

  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    if (!isOwnHost(hostOf(request.headers.host)))
      throw new AppError("bad_request", "Unknown host name. Set APP_BASE_URL to the URL users open.");
  });
  await app.register(cookie);
  await installBrowserPolicies(app, config, origins);
  await app.register(multipart, { limits: { fileSize: 20 * 1024 * 1024, files: 1, fields: 20 } });

  installReference(app, () => buildOpenApi(contract, { version }));

  const sockets = createSockets({
    auth,
    log,
    isAllowedOrigin: isOwnOrigin,
    isAllowedHost: (header) => isOwnHost(hostOf(header)),
    parseCookies: (header) => app.parseCookie(header),
    nextRequestId,
    pingMs: config.socketPingMs,
    measurements: watch?.measurements,
    traces: watch?.traces,
    work: watch?.work,
    several,
  });
  sockets.attach(app.server);
  const mount = createMount({
    app,
    sockets,
    auth,
    idempotency,
    shutdown: shutdown.signal,
    isSameSiteOrigin: isOwnOrigin,
    measurements: watch?.measurements,
    work: watch?.work,
    placeRoute,
    forwardedIp: several?.forwarding.forwardedIp,
  });

  await installFallbacks(app, { contract, webDir, isHelpPublic: config.hasLandingPage });

  const endStreams = async () => {
    shutdown.abort();
    several?.forwarding.endStreams();
    await sockets.close();
  };
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
    endStreams,
    close: async () => {
      await endStreams();
      // A client that does not read its response must not block the shutdown.
      const timer = setTimeout(() => app.server.closeAllConnections(), closeGraceMs);
      await app.close().finally(() => clearTimeout(timer));
    },
  };
}

import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import type { RouteSpec } from "@tesslate/contract";
import { AppError } from "../platform/errors.ts";
import type { ProjectLookup } from "../platform/servers/index.ts";
import type { Forwarding } from "./forwarding.ts";
import { projectNameOf } from "./placement.ts";
import type { Logger } from "../platform/logger.ts";
import { checkImpersonation, checkKey, sessionCookie, type Authenticator, type Principal } from "./context.ts";
import type { Measurements } from "../platform/measurements.ts";
import { renderError } from "./errors.ts";
import { isUuid } from "../platform/uuid.ts";
import type { Span, Traces } from "../platform/traces.ts";
import { traceHeadersOf } from "./trace-headers.ts";
import type { WorkContext } from "../platform/work-context.ts";

/** WebSocket close codes. */
export const closeCodes = {
  normal: 1000,
  goingAway: 1001,
  tooBig: 1009,
  internal: 1011,
  tooSlow: 1013,
  unauthorized: 4401,
  notFound: 4404,
  idle: 4408,
  stopped: 4410,
} as const;

/** A WebSocket with JSON frames in both directions. */
export interface FrameSocket {
  /** Incoming frames; `undefined` for text that is not JSON. Ends when the socket closes. */
  readonly frames: AsyncIterable<unknown>;
  /** False when the socket is closed, or is closed now because the client is too slow (1013). */
  send(frame: unknown): boolean;
  /** Resolves when the send buffer is flushed. */
  drained(): Promise<void>;
  close(code: number, reason?: string): void;
  /** Aborts when the socket closes. */
  readonly signal: AbortSignal;
}
export interface SocketContext {
  user: Principal;
  log: Logger;
  request_id: string;
  signal: AbortSignal;
}
export type SocketHandler = (context: SocketContext, input: { params: Record<string, string> }, socket: FrameSocket) => Promise<void>;

const maxFrameBytes = 1024 * 1024;
const maxBacklogBytes = 16 * 1024 * 1024;
const firstFrameMs = 10_000;

interface SocketRoute {
  pattern: RegExp;
  names: string[];
  uuids: Set<string>;
  handler: SocketHandler;
  name: string;
  spec: RouteSpec;
}

export interface Sockets {
  route(name: string, spec: RouteSpec, handler: SocketHandler): void;
  attach(server: Server): void;
  /** Closes every socket with 1001. */
  close(): Promise<void>;
}

/** Malformed percent-encoding matches no route. */
const decodePart = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
};

export function createSockets({
  auth,
  log,
  isAllowedOrigin,
  isAllowedHost,
  parseCookies,
  nextRequestId,
  pingMs,
  measurements,
  traces,
  work,
  several,
}: {
  auth: Authenticator;
  log: Logger;
  isAllowedOrigin: (origin: string) => boolean;
  isAllowedHost: (host: string | undefined) => boolean;
  parseCookies: (header: string) => Record<string, string | undefined>;
  nextRequestId: () => string;
  /** Ping interval; after two unanswered pings the socket is closed. */
  pingMs: number;
  measurements: Pick<Measurements, "connected"> | undefined;
  /** One span for each socket, which ends with it. */
  traces?: Traces | undefined;
  work?: WorkContext | undefined;
  /** Of one of several servers. */
  several?: { forwarding: Forwarding; lookup: ProjectLookup } | undefined;
}): Sockets {
  const wss = new WebSocketServer({ noServer: true, maxPayload: maxFrameBytes, clientTracking: true });
  const routes: SocketRoute[] = [];

  /** `isFramed`: authenticated by a first frame, which is answered. */
  const principalOf = async (
    request: IncomingMessage,
    url: URL,
    socket: WrappedSocket,
  ): Promise<{ user: Principal | undefined; isFramed?: true } | undefined> => {
    // Tokens in URLs end up in logs and browser history, so they are rejected even with a valid credential beside them.
    if (url.searchParams.has("token") || url.searchParams.has("access_token")) return undefined;
    const cookie = parseCookies(request.headers.cookie ?? "")[sessionCookie];
    const ticket = url.searchParams.get("ticket");
    const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
    const ofToken = async (token: string): Promise<Principal> => {
      const principal = await auth.authenticate({ bearer: token, cookie: undefined });
      if (!principal) throw await auth.refusal(token);
      return principal;
    };
    if (bearer) return { user: await ofToken(bearer) };
    if (ticket !== null) return { user: await auth.redeemTicket(ticket) };
    if (cookie) {
      // Browsers send cookies from any page, so the origin must be ours.
      if (request.headers.origin === undefined || !isAllowedOrigin(request.headers.origin)) return undefined;
      const principal = await auth.authenticate({ bearer: undefined, cookie });
      if (principal) return { user: principal };
    }
    const frame = await socket.first(firstFrameMs);
    const isAuth =
      typeof frame === "object" &&
      frame !== null &&
      "type" in frame &&
      frame.type === "auth" &&
      "token" in frame &&
      typeof frame.token === "string";
    return isAuth ? { user: await ofToken((frame as { token: string }).token), isFramed: true } : undefined;
  };

  const find = (url: URL) => {
    const path = url.pathname.replace(/(.)\/$/, "$1");
    return { path, found: routes.find((r) => r.pattern.test(path)) };
  };
  const serve = async (ws: WebSocket, request: IncomingMessage, url: URL, span: Span | undefined): Promise<void> => {
    const request_id = several?.forwarding.forwardedRequestId(request) ?? nextRequestId();
    span?.set({ "studio.request_id": request_id });
    const run = () => serveAs(request_id, ws, request, url, span);
    return work ? work.within({ request_id }, run) : run();
  };
  const serveAs = async (request_id: string, ws: WebSocket, request: IncomingMessage, url: URL, span: Span | undefined): Promise<void> => {
    const socket = wrap(ws, pingMs);
    const started = Date.now();
    const { path, found } = find(url);
    const child = log.child({ request_id, route: found?.name });
    let unwatch: (() => void) | undefined;
    let closed: (() => void) | undefined;
    try {
      const { user, isFramed } = (await principalOf(request, url, socket)) ?? {};
      if (!user) throw await auth.refusal(undefined);
      work?.add({ user_id: user.id });
      unwatch = auth.watch(user, () => socket.close(closeCodes.unauthorized, "session ended"));
      const values = found?.pattern.exec(path)?.slice(1).map(decodePart) ?? [];
      const params = Object.fromEntries(found?.names.map((n, i) => [n, values[i] ?? ""]) ?? []);
      if (!found || [...found.uuids].some((n) => !isUuid(params[n] ?? ""))) throw new AppError("not_found", "Not found.");
      checkKey(user, found.spec);
      checkImpersonation(user, found.spec);
      if (user.impersonator && !found.spec.readsOnly)
        await auth.noteImpersonated(user, {
          route: found.name,
          method: "WS",
          path,
          ip: several?.forwarding.forwardedIp(request) ?? request.socket.remoteAddress ?? "",
          user_agent: request.headers["user-agent"],
        });
      if (isFramed) socket.send({ type: "authenticated" });
      closed = measurements?.connected({ kind: "socket", route: found.spec.path, userId: user.id });
      await found.handler({ user, log: child, request_id, signal: socket.signal }, { params }, socket);
      socket.close(closeCodes.normal);
    } catch (error) {
      if (!socket.signal.aborted) {
        const rendered = renderError(error, request_id);
        const body = rendered.body as { detail: string; code?: string };
        span?.fail(body.code ?? "bad_frame");
        if (rendered.isUnexpected) child.error({ err: error }, "socket failed");
        socket.send({
          type: "error",
          data: { message: typeof body.detail === "string" ? body.detail : "Invalid frame.", code: body.code ?? "bad_frame" },
        });
        socket.close(
          rendered.status === 401 || rendered.status === 403
            ? closeCodes.unauthorized
            : rendered.status === 404
              ? closeCodes.notFound
              : closeCodes.internal,
        );
      }
    } finally {
      unwatch?.();
      closed?.();
      child.info({ duration_ms: Date.now() - started }, "socket closed");
    }
  };

  /** Whether another server serves the socket. */
  const place = async (
    { forwarding, lookup }: NonNullable<typeof several>,
    request: IncomingMessage,
    raw: Duplex,
    head: Buffer,
    url: URL,
  ): Promise<boolean> => {
    const { path, found } = find(url);
    const named = found && projectNameOf(found.name, found.spec);
    const at = named ? found.names.indexOf(named.name) : -1;
    const value = at < 0 ? undefined : found?.pattern.exec(path)?.[at + 1];
    const projectId = named && value !== undefined ? await lookup.find(named.kind, decodePart(value)) : undefined;
    const ip = forwarding.forwardedIp(request) ?? request.socket.remoteAddress ?? "";
    return projectId !== undefined && forwarding.upgrade(request, raw, head, { projectId, ip });
  };

  return {
    route(name, spec, handler) {
      const names = [...spec.path.matchAll(/\{([^}]+)\}/g)].map((m) => m[1] ?? "");
      const pattern = new RegExp(`^${spec.path.replace(/\{[^}]+\}/g, "([^/]+)")}$`);
      const properties = (spec.params as { properties?: Record<string, { format?: string }> } | undefined)?.properties ?? {};
      routes.push({ name, pattern, names, uuids: new Set(names.filter((n) => properties[n]?.format === "uuid")), handler, spec });
    },
    attach(server) {
      server.on("upgrade", (request: IncomingMessage, raw: Duplex, head: Buffer) => {
        const url = URL.parse(request.url ?? "/", "http://host");
        raw.on("error", () => raw.destroy());
        const refuse = (status: string) => raw.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
        if (!isAllowedHost(request.headers.host)) return void refuse("400 Bad Request");
        if (!url?.pathname.startsWith("/api/")) return void refuse("404 Not Found");
        const begin = (span?: Span) => {
          if (span) raw.once("close", span.end);
          const open = () => wss.handleUpgrade(request, raw, head, (ws) => void serve(ws, request, url, span));
          if (!several) return open();
          place(several, request, raw, head, url).then(
            (isElsewhere) => isElsewhere || open(),
            (err: unknown) => {
              log.warn({ err }, "socket not placed");
              span?.fail("runtime_unavailable");
              refuse("503 Service Unavailable");
            },
          );
        };
        if (!traces) return begin();
        const route = find(url).found?.spec.path ?? "unmatched";
        const facts = { "http.route": route, "network.protocol.name": "websocket" };
        traces.open(`WS ${route}`, "server", facts, begin, { from: traceHeadersOf(request.headers) });
      });
    },
    close: async () => {
      for (const ws of wss.clients) ws.close(closeCodes.goingAway, "restarting");
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          for (const ws of wss.clients) ws.terminate();
          resolve();
        }, 1000);
        wss.close(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
  };
}

interface WrappedSocket extends FrameSocket {
  first(timeoutMs: number): Promise<unknown>;
}

function wrap(ws: WebSocket, pingMs: number): WrappedSocket {
  const queue: unknown[] = [];
  let wake: (() => void) | undefined;
  const closed = new AbortController();
  let misses = 0;
  const ping = setInterval(() => {
    if (misses >= 2) ws.terminate();
    misses += 1;
    ws.ping();
  }, pingMs);
  ws.on("pong", () => (misses = 0));
  ws.on("message", (data, isBinary) => {
    let frame: unknown;
    try {
      frame = isBinary ? undefined : JSON.parse(String(data));
    } catch {
      frame = undefined;
    }
    queue.push(frame);
    // Backpressure: while the handler is busy, a fast client fills its TCP window.
    if (queue.length >= 256) ws.pause();
    wake?.();
  });
  ws.on("error", () => undefined);
  ws.on("close", () => {
    clearInterval(ping);
    closed.abort();
    wake?.();
  });
  const next = async (): Promise<{ frame: unknown } | undefined> => {
    while (queue.length === 0) {
      if (closed.signal.aborted) return undefined;
      await new Promise<void>((resolve) => (wake = resolve));
    }
    const frame = queue.shift();
    if (queue.length === 0) ws.resume();
    return { frame };
  };
  return {
    signal: closed.signal,
    frames: {
      async *[Symbol.asyncIterator]() {
        for (let got = await next(); got; got = await next()) yield got.frame;
      },
    },
    first: async (timeoutMs) => {
      const timer = setTimeout(() => {
        queue.push(undefined);
        wake?.();
      }, timeoutMs);
      const got = await next();
      clearTimeout(timer);
      return got?.frame;
    },
    send(frame) {
      if (ws.readyState !== ws.OPEN) return false;
      if (ws.bufferedAmount > maxBacklogBytes) {
        ws.close(closeCodes.tooSlow, "client too slow");
        return false;
      }
      ws.send(JSON.stringify(frame));
      return true;
    },
    drained: async () => {
      while (ws.bufferedAmount > 1024 * 1024 && ws.readyState === ws.OPEN) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    close: (code, reason) => {
      if (ws.readyState === ws.OPEN || ws.readyState === ws.CONNECTING) ws.close(code, reason);
    },
  };
}

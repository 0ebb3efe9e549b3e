import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { ownPath } from "@tesslate/contract";
import { RuntimeError, type RuntimeDriver } from "@tesslate/runtime";
import { appUseMs, type Forwarding } from "../../../http/forwarding.ts";
import type { PreviewSite } from "../../../http/preview-site.ts";
import { traceHeadersOf } from "../../../http/trace-headers.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Measurements } from "../../../platform/measurements.ts";
import type { Span, Traces } from "../../../platform/traces.ts";
import type { PreviewAddress } from "../containers/index.ts";
import { createForwarder, type ForwardContext } from "./forward.ts";
import { pages, sendPage, type Page } from "./pages.ts";
import type { PreviewLookup } from "./preview-lookup.ts";
import type { Reporting } from "./reports.ts";
import { labelOf, rejectTarget } from "./request-target.ts";
import type { PreviewedContainer } from "./previews.service.ts";
import type { PreviewTargets } from "./targets.ts";
import { isGuest, isSecureContext, type Visitors } from "./visitors.ts";

const ownPaths = "/__studio/";
const sharePath = "/__studio/share/";

// The relative path differs between source and bundle.
function scriptFile(name: string): string {
  const file = [`./${name}`, `../src/features/runtime/previews/${name}`]
    .map((p) => fileURLToPath(new URL(p, import.meta.url)))
    .find((p) => existsSync(p));
  if (!file) throw new Error(`${name} is missing from this build`);
  return file;
}
const scriptPath = /^\/__studio\/((?:bridge|picker)\.js)$/;

/** A page load may be modified and gets error pages; fetches, images and scripts do not. */
const isPageLoad = ({ method, headers }: IncomingMessage): boolean => {
  if (method !== "GET" && method !== "HEAD" && method !== "POST") return false;
  const destination = headers["sec-fetch-dest"];
  if (typeof destination === "string") return ["document", "iframe", "frame", "embed", "object"].includes(destination);
  return (headers.accept ?? "").includes("text/html");
};
/** Hot-reload sockets and pings come from every open tab, also unattended ones: they neither wake a project nor keep it awake. */
const isHotReload = ({ headers, url = "" }: IncomingMessage): boolean =>
  /\bvite-(?:hmr|ping)\b/.test(headers["sec-websocket-protocol"] ?? "") ||
  headers.accept === "text/x-vite-ping" ||
  /^\/(?:_next\/webpack-hmr|_next\/hmr|__vite_ping|__webpack_hmr|sockjs-node|ng-cli-ws|_bun\/hmr)\b/.test(url);
/** Safe methods may come from any origin; others only from the preview itself. */
const isForeign = ({ method = "GET", headers }: IncomingMessage): boolean => {
  if (["GET", "HEAD", "OPTIONS"].includes(method)) return false;
  const site = headers["sec-fetch-site"];
  if (typeof site === "string") return site !== "same-origin" && site !== "none";
  const { origin } = headers;
  return origin !== undefined && origin !== "null" && URL.parse(origin)?.host !== headers.host;
};
/**
 * A redirect target on this host. Without a fragment: the fragment of the entry URL survives the redirect (it carries the app's nonce),
 * and one here would replace it.
 */
const safePath = (path: string | null): string => ownPath(path)?.split("#")[0] ?? "/";

/** Serves every host under PREVIEW_DOMAIN: entry by ticket, waking, proxying to the dev server, the bridge and its reports. */
export function createPreviewSite({
  lookup,
  targets,
  visitors,
  reporting,
  settings,
  measurements,
  traces,
  forwarding,
  runtime,
  log,
}: {
  lookup: PreviewLookup;
  targets: PreviewTargets;
  visitors: Visitors;
  reporting: Reporting;
  settings: {
    address: PreviewAddress;
    appOrigin: string;
    /** Whether the client's IP comes from `X-Forwarded-For`. */
    trustProxy: boolean;
  };
  measurements: Pick<Measurements, "previewRequest">;
  /** One span for each request and for each socket. */
  traces?: Traces | undefined;
  /** Of one of several servers: the owner of a project serves its previews. */
  forwarding?: Forwarding | undefined;
  runtime: Pick<RuntimeDriver, "isConnected">;
  log: Logger;
}): PreviewSite & { close(): void } {
  const { address, appOrigin, trustProxy } = settings;
  /** Our own scripts inside previews. */
  const scripts = new Map(
    ["bridge.js", "picker.js"].map((name) => {
      const text = readFileSync(scriptFile(name), "utf8").replace('"__APP_ORIGIN__"', JSON.stringify(appOrigin));
      return [name, { text, etag: `"${createHash("sha256").update(text).digest("base64url").slice(0, 20)}"` }];
    }),
  );
  const forwarder = createForwarder();
  const isAway = () => runtime.isConnected?.() === false;

  const ipOf = (request: IncomingMessage): string => {
    const known = forwarding?.forwardedIp(request);
    if (known !== undefined) return known;
    const forwarded = trustProxy ? request.headers["x-forwarded-for"] : undefined;
    return [forwarded].flat()[0]?.split(",")[0]?.trim() || request.socket.remoteAddress || "";
  };
  const forwardContextOf = (request: IncomingMessage, previewed: PreviewedContainer, isDocument: boolean): ForwardContext => {
    return {
      ip: ipOf(request),
      scheme: address.scheme,
      isDocument,
      isWorkerScript: request.headers["service-worker"] === "script",
      appOrigin,
      isFramed: isSecureContext(address),
      onActivity: () => targets.activity(previewed),
    };
  };

  const enter = async (request: IncomingMessage, response: ServerResponse, previewed: PreviewedContainer, url: URL) => {
    const to = safePath(url.searchParams.get("path"));
    const cookie = await visitors.redeem(url.searchParams.get("ticket") ?? "", previewed);
    // A reload of the entry URL by a visitor with a cookie.
    const isIn = cookie !== undefined || (await visitors.find(request.headers.cookie, previewed)) !== undefined;
    if (!isIn) return sendPage(response, pages.unauthorized(), { isDocument: true, appOrigin });
    response
      .writeHead(303, {
        location: to,
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        ...(cookie !== undefined && { "set-cookie": cookie }),
      })
      .end();
  };
  const enterByLink = async (request: IncomingMessage, response: ServerResponse, previewed: PreviewedContainer, token: string) => {
    const { headers } = request;
    const found = await visitors.redeemShare(token, previewed, {
      ip: ipOf(request),
      user_agent: headers["user-agent"],
      cookies: headers.cookie,
    });
    if (!found) return sendPage(response, pages.linkOver(), { isDocument: true, appOrigin });
    response
      .writeHead(303, {
        location: safePath(found.path),
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        ...(found.cookie !== undefined && { "set-cookie": found.cookie }),
      })
      .end();
  };
  const sendScript = (request: IncomingMessage, response: ServerResponse, { text, etag }: { text: string; etag: string }) => {
    const headers = {
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "no-cache",
      "x-content-type-options": "nosniff",
      etag,
    };
    if (request.headers["if-none-match"] === etag) response.writeHead(304, headers).end();
    else response.writeHead(200, headers).end(request.method === "HEAD" ? undefined : text);
  };

  /**
   * The headers of an app's page are not the product's: their trace is not continued. Those of another server of this installation are, which has made a span
   * of its own.
   */
  const traced = (name: string, request: IncomingMessage, run: (span: Span | undefined) => void): void => {
    if (!traces) return run(undefined);
    const isForwarded = forwarding?.forwardedRequestId(request) !== undefined || forwarding?.forwardedIp(request) !== undefined;
    traces.open(name, "server", { "http.request.method": request.method ?? "" }, run, {
      ...(isForwarded && { from: traceHeadersOf(request.headers) }),
    });
  };
  const describe = (span: Span | undefined, { project, container }: PreviewedContainer) =>
    span?.set({ "studio.project_id": project.id, "studio.container_id": container.id });

  const serve = async (request: IncomingMessage, response: ServerResponse, span: Span | undefined): Promise<void> => {
    const isDocument = isPageLoad(request);
    const show = (page: Page) => sendPage(response, page, { isDocument, appOrigin });
    const previewed = await lookup.find(labelOf(request.headers.host, address.domain));
    if (!previewed) return show(pages.unknown());
    describe(span, previewed);
    const target = (request.url ??= "/");
    const url = target.startsWith("/") ? URL.parse(target, "http://preview") : null;
    if (!url) return show(pages.malformed());
    if (await forwarding?.request(request, response, { projectId: previewed.project.id, ip: ipOf(request), longestUseMs: appUseMs }))
      return;
    const script = scripts.get(scriptPath.exec(url.pathname)?.[1] ?? "");
    if (script) return sendScript(request, response, script);
    if (url.pathname === "/__studio/enter" && request.method === "GET") return enter(request, response, previewed, url);
    if (url.pathname.startsWith(sharePath) && request.method === "GET")
      return enterByLink(request, response, previewed, url.pathname.slice(sharePath.length));
    const visitor = await visitors.find(request.headers.cookie, previewed);
    if (!visitor) return show(pages.unauthorized());
    if (isForeign(request)) return show(pages.foreign());
    // Reports and restarts are for the owner, not for guests.
    if (isGuest(visitor) && url.pathname === "/__studio/report") return void response.writeHead(204).end();
    if (isGuest(visitor) && url.pathname.startsWith(ownPaths)) return show(pages.unknown());
    if (url.pathname === "/__studio/report" && request.method === "POST") {
      response
        .writeHead(await reporting.accept(request, previewed.project.id, previewed.container.id), {
          "cache-control": "no-store",
          connection: "close",
        })
        .end();
      return;
    }
    if (url.pathname === "/__studio/start" && request.method === "POST") {
      await targets.start(previewed);
      response.writeHead(303, { location: safePath(url.searchParams.get("path")), "cache-control": "no-store" }).end();
      return;
    }
    if (url.pathname.startsWith(ownPaths)) return show(pages.unknown());
    const refusal = rejectTarget(target);
    if (refusal) return show(refusal === "malformed" ? pages.malformed() : pages.forbidden());

    const closed = new AbortController();
    // Ends the response as soon as access is revoked, even mid-stream.
    const unwatch = visitors.watch(visitor, previewed, () => response.destroy());
    response.once("close", () => {
      unwatch();
      closed.abort();
    });
    const mayWake = !isHotReload(request);
    // Neither a slow response nor a wait may be cut short by the idle policy.
    const release = mayWake ? targets.hold(previewed) : () => {};
    try {
      const found = await targets.reach(previewed, target, mayWake, closed.signal);
      if (response.destroyed) return;
      if (!("connect" in found) && found.kind === "failed" && isAway()) return show(pages.away());
      if (!("connect" in found)) return show(isGuest(visitor) && found.kind === "failed" ? pages.closed(previewed.container.name) : found);
      if (mayWake) void targets.used(previewed).catch((err: unknown) => log.warn({ err }, "last activity not written"));
      const context = forwardContextOf(request, previewed, isDocument);
      if (!mayWake) context.onActivity = () => {};
      await forwarder.request(request, response, found, context, release);
    } catch (error) {
      if (response.destroyed || response.headersSent) return void response.destroy();
      if (!isNetworkError(error)) throw error;
      log.debug({ err: error, project_id: previewed.project.id }, "dev server not reachable");
      if (isAway()) return show(pages.away());
      targets
        .refreshPort(previewed)
        .catch((err: unknown) => log.warn({ err, project_id: previewed.project.id }, "container port detection failed"));
      show(pages.unreachable(previewed.container.name));
    } finally {
      release();
    }
  };

  const serveUpgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer, span: Span | undefined): Promise<void> => {
    const refuse = (status: string) => void socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    const previewed = await lookup.find(labelOf(request.headers.host, address.domain));
    if (!previewed) return refuse("404 Not Found");
    describe(span, previewed);
    if (await forwarding?.upgrade(request, socket, head, { projectId: previewed.project.id, ip: ipOf(request) })) return;
    const visitor = await visitors.find(request.headers.cookie, previewed);
    if (!visitor) return refuse("401 Unauthorized");
    const { origin } = request.headers;
    // A page of any origin can open a socket, and the browser would send our cookie.
    if (origin !== undefined && URL.parse(origin)?.host !== request.headers.host) return refuse("403 Forbidden");
    const target = request.url ?? "/";
    if (target.startsWith(ownPaths)) return refuse("404 Not Found");
    const refusal = rejectTarget(target);
    if (refusal) return refuse(refusal === "malformed" ? "400 Bad Request" : "403 Forbidden");
    const closed = new AbortController();
    socket.once("close", () => closed.abort());
    const mayWake = !isHotReload(request);
    const found = await targets.reach(previewed, target, mayWake, closed.signal);
    if (socket.destroyed) return;
    if (!("connect" in found)) return refuse("503 Service Unavailable");
    const context = forwardContextOf(request, previewed, false);
    if (mayWake) context.onActivity();
    // Closes the socket as soon as access is revoked.
    const unwatch = visitors.watch(visitor, previewed, () => socket.destroy());
    const lifetime = lookup.lifetimeOf(previewed);
    const end = () => void socket.destroy();
    lifetime.addEventListener("abort", end, { once: true });
    socket.once("close", () => {
      unwatch();
      lifetime.removeEventListener("abort", end);
    });
    await forwarder.upgrade(request, socket, head, found, context, mayWake).catch(() => refuse("502 Bad Gateway"));
  };

  return {
    request: (request, response) => {
      const started = performance.now();
      // Each transformation of a response adds a listener.
      response.setMaxListeners(30);
      response.once("close", () => {
        measurements.previewRequest(response.statusCode);
        log.debug(
          {
            host: request.headers.host,
            method: request.method,
            status: response.statusCode,
            duration_ms: Math.round(performance.now() - started),
          },
          "preview request",
        );
      });
      traced("preview request", request, (span) => {
        response.once("close", () => {
          span?.set({ "http.response.status_code": response.statusCode });
          if (response.statusCode >= 500) span?.fail(String(response.statusCode));
          span?.end();
        });
        serve(request, response, span).catch((err: unknown) => {
          log.error({ err, host: request.headers.host }, "preview request failed");
          sendPage(response, pages.error(), { isDocument: isPageLoad(request), appOrigin });
        });
      });
    },
    upgrade: (request, socket, head) => {
      socket.on("error", () => socket.destroy());
      traced("preview socket", request, (span) => {
        socket.once("close", () => span?.end());
        serveUpgrade(request, socket, head, span).catch((err: unknown) => {
          log.error({ err, host: request.headers.host }, "preview upgrade failed");
          span?.fail("internal_error");
          socket.destroy();
        });
      });
    },
    close: () => forwarder.close(),
  };
}

/** The connection to the dev server failed, not our own code. */
const isNetworkError = (error: unknown): boolean =>
  error instanceof RuntimeError
    ? error.code === "unavailable"
    : error instanceof Error &&
      "code" in error &&
      /^(E[A-Z]+|HPE_\w+|ERR_HTTP_\w+|ERR_STREAM_PREMATURE_CLOSE|UND_ERR\w*)$/.test(String(error.code));

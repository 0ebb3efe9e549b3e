import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { appUseMs, type Forwarding } from "../../../../http/forwarding.ts";
import type { PreviewSite } from "../../../../http/preview-site.ts";
import { hostOf } from "../../../../http/own-hosts.ts";
import { sendText, serveStatic } from "../../../../http/static-site.ts";
import { AppError } from "../../../../platform/errors.ts";
import type { Logger } from "../../../../platform/logger.ts";
import type { PreviewAddress } from "../../../runtime/containers/index.ts";
import { createForwarder, labelOf, type ForwardContext } from "../../../runtime/previews/index.ts";
import type { LocalServers } from "./local-servers.ts";
import type { CachedSite, SiteCache } from "./site-cache.ts";
import type { SiteAccess } from "./site-access.ts";
import { prefixes } from "./site-urls.ts";

/** What other hosts than those below the preview domain lead to. */
export interface OtherHosts {
  find(host: string): Promise<{ site: string; redirectTo?: string | undefined } | undefined>;
}

/** Serves deployed sites to everybody, or to those who know the password of the site. */
export function createLocalSites({
  cache,
  hosts,
  access,
  servers,
  settings: { address, appOrigin, trustProxy },
  forwarding,
  log,
}: {
  cache: Pick<SiteCache, "find">;
  hosts: OtherHosts;
  access: SiteAccess;
  servers: Pick<LocalServers, "portOf" | "visit">;
  settings: {
    address: PreviewAddress;
    appOrigin: string;
    /** Whether the client's IP comes from `X-Forwarded-For`. */
    trustProxy: boolean;
  };
  /** Of one of several servers: the owner of a project runs its deployed programs. */
  forwarding?: Forwarding | undefined;
  log: Logger;
}) {
  const forwarder = createForwarder();
  const siteLabelOf = (host: string | undefined): string | undefined => {
    const label = labelOf(host, address.domain);
    return Object.values(prefixes).some((prefix) => label.startsWith(prefix)) ? label : undefined;
  };
  const isBelowPreviewDomain = (host: string) => host === address.domain || host.endsWith(`.${address.domain}`);
  /** The label of the site at the host, or the host that it redirects to. Undefined for hosts that lead nowhere. */
  const placeOf = async (header: string | undefined): Promise<{ label: string } | { redirectTo: string } | undefined> => {
    const label = siteLabelOf(header);
    if (label !== undefined) return { label };
    const entry = await hosts.find(hostOf(header));
    if (!entry) return undefined;
    return entry.redirectTo === undefined ? { label: `${prefixes.production}${entry.site}` } : { redirectTo: entry.redirectTo };
  };
  const forwardContextOf = (request: IncomingMessage): ForwardContext => {
    const forwarded = trustProxy ? request.headers["x-forwarded-for"] : undefined;
    return {
      ip: forwarding?.forwardedIp(request) ?? ([forwarded].flat()[0]?.split(",")[0]?.trim() || request.socket.remoteAddress || ""),
      scheme: address.scheme,
      isDocument: false,
      isWorkerScript: false,
      appOrigin,
      isFramed: false,
      onActivity: () => {},
    };
  };
  const findUpstream = async ({ row }: CachedSite) => (row?.program ? servers.portOf(row.id) : undefined);

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const place = await placeOf(request.headers.host);
    if (!place) return sendText(response, 404, "There is no site at this URL.");
    if ("redirectTo" in place) {
      const port = address.port === "" ? "" : `:${address.port}`;
      response.writeHead(308, { location: `${address.scheme}://${place.redirectTo}${port}${request.url ?? "/"}` }).end();
      return;
    }
    const { label } = place;
    const site = await cache.find(label);
    if (!site.row) return sendText(response, 404, "There is no site at this URL.");
    // Keep preview deployments out of search engines.
    if (site.row.environment === "preview") response.setHeader("x-robots-tag", "noindex");
    if (site.passwordHash !== undefined) {
      const isAnswered = await access.handle(request, response, { label, passwordHash: site.passwordHash }, forwardContextOf(request).ip);
      if (isAnswered) return;
    }
    if (site.files) return serveStatic(site.files, request, response);
    if (!site.row.program) return sendText(response, 503, "The files of this site are on another server.");
    const { ip } = forwardContextOf(request);
    if (await forwarding?.request(request, response, { projectId: site.row.project_id, ip, longestUseMs: appUseMs })) return;
    response.once("close", servers.visit(site.row.id));
    const upstream = await findUpstream(site);
    if (!upstream) return sendText(response, 503, "This site is starting. Try again in a moment.", { "retry-after": "1" });
    try {
      await forwarder.request(request, response, upstream, forwardContextOf(request), () => {});
    } catch (err) {
      log.debug({ err, deployment_id: site.row.id }, "deployed server not reachable");
      sendText(response, 502, "This site does not respond.");
    }
  };

  const site: PreviewSite & { handles(host: string | undefined): boolean; close(): void } = {
    /** Whether the host has the form of a deployed site: also every host that is not below the preview domain. */
    handles: (host) => siteLabelOf(host) !== undefined || !isBelowPreviewDomain(hostOf(host)),
    request: (request, response) => {
      response.setMaxListeners(30);
      serve(request, response).catch((err: unknown) => {
        log.error({ err, host: request.headers.host }, "request to a deployed site failed");
        if (err instanceof AppError && err.code === "unavailable")
          return sendText(response, 503, "The files of this site are not available. Try again in a moment.", { "retry-after": "5" });
        sendText(response, 500, "Internal server error. It has been logged.");
      });
    },
    upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on("error", () => socket.destroy());
      const refuse = (status: string) => void socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      const upstreamOf = async () => {
        const place = await placeOf(request.headers.host);
        if (!place || "redirectTo" in place) return undefined;
        const found = await cache.find(place.label);
        const isClosed =
          found.passwordHash !== undefined && !access.isAllowed(request, { label: place.label, passwordHash: found.passwordHash });
        if (isClosed) return undefined;
        const { ip } = forwardContextOf(request);
        if (found.row?.program && (await forwarding?.upgrade(request, socket, head, { projectId: found.row.project_id, ip })))
          return "elsewhere";
        return findUpstream(found);
      };
      upstreamOf()
        .then((upstream) =>
          upstream === "elsewhere"
            ? undefined
            : upstream
              ? forwarder.upgrade(request, socket, head, upstream, forwardContextOf(request), false)
              : refuse("404 Not Found"),
        )
        .catch(() => refuse("502 Bad Gateway"));
    },
    close: () => forwarder.close(),
  };
  return site;
}

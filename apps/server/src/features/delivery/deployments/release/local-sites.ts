import type { DeploymentContext } from "../context.ts";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { PreviewSite } from "../../../../http/server.ts";
import { sendText, serveStatic, type StaticSite } from "../../../../http/static-site.ts";
import type { DeployEnvironment } from "@tesslate/contract";
import type { Bus } from "../../../../platform/bus.ts";
import { previewOrigin, type PreviewAddress } from "../../../runtime/containers/index.ts";
import { createForwarder, labelOf, type ForwardContext } from "../../../runtime/previews/index.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import type { LocalServers } from "./local-servers.ts";

/** Prefixes of deployed hosts. Container hosts never contain a double dash. */
const prefixes = { production: "live--", preview: "preview--" } as const;
const channel = "live_sites";
const rememberMs = 3000;
const maxSites = 200;

const labelFor = (environment: DeployEnvironment, name: string): string => `${prefixes[environment]}${name}`;
/** URL of a site by name. */
export const siteUrl = (address: PreviewAddress, environment: DeployEnvironment, name: string): string =>
  previewOrigin(address, labelFor(environment, name));
/** Maximum length, so that prefix and name fit into a DNS label. */
export const maxSiteName: Record<DeployEnvironment, number> = {
  production: 63 - prefixes.production.length,
  preview: 63 - prefixes.preview.length,
};

type Shown = Pick<DeploymentRow, "provider" | "environment" | "site_name">;
interface Site {
  row: DeploymentRow | undefined;
  files: StaticSite | undefined;
  readAt: number;
}

/** Serves deployed sites publicly, one host each, without tickets. */
export type LocalSites = ReturnType<typeof createLocalSites>;
export function createLocalSites(
  context: DeploymentContext,
  {
    servers,
    bus,
    appOrigin,
    trustProxy,
  }: {
    servers: LocalServers;
    bus: Bus;
    appOrigin: string;
    trustProxy: boolean;
  },
) {
  const { store, artifacts, address, log } = context;
  const forwarder = createForwarder();
  const sites = new Map<string, Promise<Site>>();
  bus.listen<{ label: string }>(channel, ({ label }) => void sites.delete(label));
  bus.onReconnect(() => sites.clear());

  const siteLabelOf = (host: string | undefined): string | undefined => {
    const label = labelOf(host, address.domain);
    return Object.values(prefixes).some((prefix) => label.startsWith(prefix)) ? label : undefined;
  };
  const load = async (label: string, before: Site | undefined): Promise<Site> => {
    const row = label.startsWith(prefixes.preview)
      ? await store.findLocalPreview(label.slice(prefixes.preview.length))
      : await store.findLocalSite(label.slice(prefixes.production.length));
    if (!row || row.program) return { row, files: undefined, readAt: Date.now() };
    // The same version has the same files.
    if (before?.files && before.row?.id === row.id) return { row, files: before.files, readAt: Date.now() };
    const artifact = await artifacts.find(row);
    const entries = artifact && new Map(artifact.files.map(({ path, size, sha256 }) => [path, { size, sha256 }]));
    const files = entries && {
      files: entries,
      spaFallback: row.spa_fallback,
      hash: (path: string) => entries.get(path)?.sha256 ?? "",
      read: (path: string, range?: { start: number; end: number }) => artifacts.read(row, path, range),
    };
    return { row, files, readAt: Date.now() };
  };
  const siteOf = async (label: string): Promise<Site> => {
    const known = sites.get(label);
    const before = await known?.catch(() => undefined);
    if (known && before && Date.now() - before.readAt < rememberMs) return before;
    if (sites.get(label) !== known) return siteOf(label);
    const next = load(label, before);
    if (sites.size >= maxSites) sites.clear();
    sites.set(label, next);
    next.catch(() => sites.get(label) === next && sites.delete(label));
    return next;
  };

  const forwardContextOf = (request: IncomingMessage): ForwardContext => {
    const forwarded = trustProxy ? request.headers["x-forwarded-for"] : undefined;
    return {
      ip: [forwarded].flat()[0]?.split(",")[0]?.trim() || request.socket.remoteAddress || "",
      scheme: address.scheme,
      isDocument: false,
      isWorkerScript: false,
      appOrigin,
      onActivity: () => {},
    };
  };
  const reach = async ({ row }: Site) => (row?.program ? servers.address(row.id) : undefined);

  const serve = async (request: IncomingMessage, response: ServerResponse, label: string): Promise<void> => {
    const site = await siteOf(label);
    if (!site.row) return sendText(response, 404, "There is no site at this URL.");
    // Keep previews out of search engines.
    if (site.row.environment === "preview") response.setHeader("x-robots-tag", "noindex");
    if (site.files) return serveStatic(site.files, request, response);
    if (!site.row.program) return sendText(response, 503, "The files of this site are on another server.");
    response.once("close", servers.visit(site.row.id));
    const target = await reach(site);
    if (!target) return sendText(response, 503, "This site is starting. Try again in a moment.", { "retry-after": "1" });
    try {
      await forwarder.request(request, response, target, forwardContextOf(request), () => {});
    } catch (err) {
      log.debug({ err, deployment_id: site.row.id }, "deployed server not reachable");
      sendText(response, 502, "This site does not respond.");
    }
  };

  const site: PreviewSite & { handles(host: string | undefined): boolean; changed(row: Shown): Promise<void>; close(): void } = {
    /** Whether the host has the form of a deployed site. */
    handles: (host) => siteLabelOf(host) !== undefined,
    request: (request, response) => {
      response.setMaxListeners(30);
      serve(request, response, siteLabelOf(request.headers.host) ?? "").catch((err: unknown) => {
        log.error({ err, host: request.headers.host }, "request to a deployed site failed");
        sendText(response, 500, "Internal server error. It has been logged.");
      });
    },
    upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on("error", () => socket.destroy());
      const refuse = (status: string) => void socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      siteOf(siteLabelOf(request.headers.host) ?? "")
        .then(reach)
        .then((target) =>
          target ? forwarder.upgrade(request, socket, head, target, forwardContextOf(request), false) : refuse("404 Not Found"),
        )
        .catch(() => refuse("502 Bad Gateway"));
    },
    /** Invalidates the cached site of a host, on all servers. */
    changed: async ({ provider, environment, site_name }) => {
      if (provider !== "local" || site_name === null) return;
      const label = labelFor(environment, site_name);
      sites.delete(label);
      await bus.notify(channel, { label });
    },
    close: () => forwarder.close(),
  };
  return site;
}

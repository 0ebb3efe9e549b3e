import type { Bus } from "../../../platform/bus.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { DomainsStore } from "./domains.store.ts";
import { counterpartOf } from "./hostname.ts";

const channel = "site_hosts";
const rememberMs = 3_000;
const maxHosts = 2_000;

/** What a host leads to: a site by its name, or another host. */
export type HostEntry = { site: string; redirectTo?: undefined } | { site: string; redirectTo: string };

export type SiteHosts = ReturnType<typeof createSiteHosts>;
/** The hosts of sites on this server: short names and own domains. `appsDomain`: undefined when sites have no short names. */
export function createSiteHosts({
  store,
  bus,
  appsDomain,
  log,
}: {
  store: DomainsStore;
  bus: Bus;
  appsDomain: string | undefined;
  log: Logger;
}) {
  const known = new Map<string, { entry: Promise<HostEntry | undefined>; readAt: number }>();
  /** Every own domain that is served: each request for an unknown host is compared with it. */
  let served: ReadonlySet<string> = new Set();
  let isReading: Promise<void> | undefined;
  let isStale = false;
  const readServed = async (): Promise<void> => {
    do {
      isStale = false;
      const names = await store.listServed();
      served = new Set(
        names.flatMap(({ hostname, has_counterpart }) => [hostname, (has_counterpart && counterpartOf(hostname)) || hostname]),
      );
    } while (isStale);
  };
  /** Changes while it reads make it read again. */
  const refresh = (): Promise<void> => {
    isStale = true;
    isReading ??= readServed().finally(() => (isReading = undefined));
    return isReading;
  };
  const refreshLater = () => void refresh().catch((err: unknown) => log.warn({ err }, "own domains not read"));
  bus.listen<{ hosts: string[] }>(channel, ({ hosts }) => {
    for (const host of hosts) known.delete(host);
    refreshLater();
  });
  bus.onReconnect(() => {
    known.clear();
    refreshLater();
  });

  const nameOf = (host: string): string | undefined => {
    if (appsDomain === undefined || !host.endsWith(`.${appsDomain}`)) return undefined;
    const name = host.slice(0, -appsDomain.length - 1);
    return name.includes(".") ? undefined : name;
  };
  const primaryOf = async (containerId: string, host: string): Promise<string | undefined> => {
    const primary = await store.findPrimary(containerId);
    return primary?.leads_here === true && primary.hostname !== host ? primary.hostname : undefined;
  };
  const load = async (host: string): Promise<HostEntry | undefined> => {
    const name = nameOf(host);
    if (name !== undefined) {
      const site = await store.findSiteByName(name);
      if (!site) return undefined;
      const redirectTo = await primaryOf(site.container_id, host);
      return redirectTo === undefined ? { site: site.name } : { site: site.name, redirectTo };
    }
    const counterpart = counterpartOf(host);
    const found = await store.findServed([host, ...(counterpart === undefined ? [] : [counterpart])]);
    const exact = found.find(({ domain }) => domain.hostname === host);
    const other = found.find(({ domain }) => domain.hostname === counterpart && domain.has_counterpart);
    const at = exact ?? other;
    if (!at) return undefined;
    const redirectTo = (await primaryOf(at.domain.container_id, host)) ?? (exact ? undefined : at.domain.hostname);
    return redirectTo === undefined ? { site: at.site.name } : { site: at.site.name, redirectTo };
  };

  return {
    /** At boot. */
    load: refresh,
    /** Whether requests for the host are for a site. */
    serves: (host: string): boolean => nameOf(host) !== undefined || served.has(host),
    /** Undefined: this server serves no site at this host. */
    find: (host: string): Promise<HostEntry | undefined> => {
      const now = Date.now();
      const before = known.get(host);
      if (before && now - before.readAt < rememberMs) return before.entry;
      if (known.size >= maxHosts) known.clear();
      const entry = load(host);
      known.set(host, { entry, readAt: now });
      entry.catch(() => known.delete(host));
      return entry;
    },
    /** Forgets hosts on all servers. */
    changed: async ({ names, hostnames }: { names: readonly string[]; hostnames: readonly string[] }): Promise<void> => {
      const hosts = [...hostnames, ...(appsDomain === undefined ? [] : names.map((name) => `${name}.${appsDomain}`))];
      for (const host of hosts) known.delete(host);
      await refresh();
      await bus.notify(channel, { hosts });
    },
  };
}

import { lookup } from "node:dns/promises";
import { isIPv4 } from "node:net";
import type { RuntimeLog } from "../../log.ts";

/** Exceptions from the filter: reachable private addresses and blocked public ones. */
export interface OutboundRules {
  /** One port of an address. */
  ports: readonly { ip: string; port: number }[];
  /** All ports of an address or range. */
  hosts: readonly string[];
  refused: readonly string[];
}

interface Wanted {
  targets: readonly { host: string; port: number }[];
  /** `host`, `host:port`, an address or a range. */
  allow: readonly string[];
  blocked: readonly string[];
}

/** Addresses of names change: resolve them again periodically. */
const refreshMs = 5 * 60_000;

/** Keeps the filter's exceptions in sync with the names they were configured with. */
export function refreshOutboundRules(
  network: { setOutboundRules(outboundRules: OutboundRules): Promise<void> },
  wanted: Wanted,
  log: RuntimeLog,
): { refresh(): Promise<void>; stop(): void } {
  const known = new Map<string, string[]>();
  /** A name that cannot be resolved keeps its addresses. */
  async function addresses(host: string): Promise<string[]> {
    if (isIPv4(host) || /^[\d.]+\/\d+$/.test(host)) return [host];
    try {
      const found = (await lookup(host, { family: 4, all: true })).map(({ address }) => address).sort();
      if (found.some((ip) => ip.startsWith("127.")))
        log.warn({ host }, "a server on this machine's loopback is not reachable from sandboxes");
      known.set(host, found);
    } catch (error) {
      log.warn({ host, err: error }, "an allowed name cannot be resolved");
    }
    return known.get(host) ?? [];
  }
  async function refresh() {
    const parsed = wanted.allow.map((text) => /^(?<host>[^:]+)(?::(?<port>\d+))?$/.exec(text)?.groups ?? { host: text });
    const ports = [...wanted.targets, ...parsed.flatMap(({ host = "", port }) => (port ? [{ host, port: Number(port) }] : []))];
    const hosts = parsed.flatMap(({ host = "", port }) => (port ? [] : [host]));
    await network.setOutboundRules({
      ports: (await Promise.all(ports.map(async ({ host, port }) => (await addresses(host)).map((ip) => ({ ip, port }))))).flat(),
      hosts: (await Promise.all(hosts.map(addresses))).flat(),
      refused: (await Promise.all(wanted.blocked.map(addresses))).flat(),
    });
  }
  const isIdle = wanted.targets.length + wanted.allow.length + wanted.blocked.length === 0;
  const timer = isIdle
    ? undefined
    : setInterval(() => void refresh().catch((err: unknown) => log.error({ err }, "the network filter could not be updated")), refreshMs);
  timer?.unref();
  return { refresh, stop: () => clearInterval(timer) };
}

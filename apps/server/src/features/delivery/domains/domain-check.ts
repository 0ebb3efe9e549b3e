import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import type { DomainFindings } from "../../../db/schema/delivery.ts";
import { counterpartOf } from "./hostname.ts";

const queryMs = 3_000;

/** Looks up records; names without records have an empty list. Rejects when the DNS servers do not answer. */
export interface Dns {
  txt(name: string): Promise<string[]>;
  cname(name: string): Promise<string[]>;
  /** IPv4 and IPv6, following aliases. */
  addresses(name: string): Promise<string[]>;
}

/** `servers`: IP or IP:port; empty: those of this machine. */
export function createDns(servers: readonly string[]): Dns {
  const resolver = new Resolver({ timeout: queryMs, tries: 2 });
  if (servers.length > 0) resolver.setServers([...servers]);
  const orEmpty = async <T>(query: Promise<T[]>): Promise<T[]> => {
    try {
      return await query;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOTFOUND" || code === "ENODATA" || code === "NOTFOUND" || code === "NODATA") return [];
      throw error;
    }
  };
  return {
    txt: async (name) => (await orEmpty(resolver.resolveTxt(name))).map((parts) => parts.join("")),
    cname: async (name) => (await orEmpty(resolver.resolveCname(name))).map((host) => host.toLowerCase()),
    addresses: async (name) => (await Promise.all([orEmpty(resolver.resolve4(name)), orEmpty(resolver.resolve6(name))])).flat(),
  };
}

/** Where own domains must lead: a host name, IP addresses, or both. */
export interface Target {
  host: string | undefined;
  addresses: readonly string[];
}
export function createTarget({ dns, given, fallback }: { dns: Dns; given: readonly string[]; fallback: string }) {
  const literal = given.filter((one) => isIP(one) !== 0);
  const host = given.find((one) => isIP(one) === 0) ?? (literal.length === 0 ? fallback : undefined);
  return async (): Promise<Target> => ({
    host,
    addresses: literal.length > 0 || host === undefined ? literal : await dns.addresses(host).catch(() => []),
  });
}

export const challengeName = (hostname: string): string => `_studio-challenge.${hostname}`;
export const challengeValue = (token: string): string => `studio-verification=${token}`;

export interface CheckResult {
  isProven: boolean;
  leadsHere: boolean;
  found: DomainFindings;
}

/** Looks up the records of a domain. Opens nothing at the addresses. */
export async function checkDomain(
  dns: Dns,
  target: Target,
  { hostname, token, has_counterpart }: { hostname: string; token: string; has_counterpart: boolean },
): Promise<CheckResult> {
  const counterpart = has_counterpart ? counterpartOf(hostname) : undefined;
  const [txt, own, other] = await Promise.all([
    dns.txt(challengeName(hostname)),
    whereTo(dns, target, hostname),
    counterpart === undefined ? { found: [], isHere: true } : whereTo(dns, target, counterpart),
  ]);
  return {
    isProven: txt.includes(challengeValue(token)),
    leadsHere: own.isHere,
    found: {
      txt: txt.slice(0, 10).map((one) => one.slice(0, 255)),
      address: own.found,
      counterpart: other.found,
      is_counterpart_here: other.isHere,
    },
  };
}

async function whereTo(dns: Dns, target: Target, hostname: string): Promise<{ found: string[]; isHere: boolean }> {
  const [cname, addresses] = await Promise.all([dns.cname(hostname), dns.addresses(hostname)]);
  const isHere =
    (target.host !== undefined && cname.includes(target.host)) ||
    (addresses.length > 0 && addresses.every((address) => target.addresses.includes(address)));
  return { found: (cname.length > 0 ? cname : addresses).slice(0, 10), isHere };
}

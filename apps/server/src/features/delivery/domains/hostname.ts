import { domainToASCII } from "node:url";
import { parse } from "tldts";
import { badRequest } from "../../../platform/errors.ts";

const bad = (why: string) => badRequest(why, "bad_domain");

/** The name in the form that is stored. `isReserved`: names of this server. Throws `bad_domain`. */
export function readHostname(given: string, isReserved: (hostname: string) => boolean): string {
  const hostname = domainToASCII(given.trim().replace(/\.$/, "")).toLowerCase();
  if (hostname === "" || hostname.length > 253 || !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(hostname))
    throw bad("Enter a domain without scheme and path, for example shop.example.com.");
  if (hostname.split(".").some((label) => label === "" || label.length > 63 || label.startsWith("-") || label.endsWith("-")))
    throw bad("This is not a valid domain.");
  const { isIp, domain } = parse(hostname, { allowPrivateDomains: true });
  if (isIp) throw bad("Enter a domain, not an IP address.");
  // Names that belong to a registry, such as `com` and `github.io`, and names without a dot.
  if (domain === null) throw bad("This name can't be registered by one person. Enter a domain of your own.");
  if (isReserved(hostname)) throw bad("This name belongs to this server.");
  return hostname;
}

/** A domain as it is registered, without a name before it. */
export const isApex = (hostname: string): boolean => parse(hostname, { allowPrivateDomains: true }).domain === hostname;

/** The same name with or without `www.`; undefined for other subdomains. */
export function counterpartOf(hostname: string): string | undefined {
  if (hostname.startsWith("www.")) return hostname.slice("www.".length);
  return isApex(hostname) ? `www.${hostname}` : undefined;
}

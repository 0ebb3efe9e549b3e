import { isIP } from "node:net";

/** Names reserved for a host, network or cluster, never public. */
const zones = ["localhost", "localdomain", "local", "internal", "home.arpa", "svc"];
/** Metadata services whose names look public. */
const metadataServices = new Set(["metadata.goog", "metadata.tencentyun.com"]);

/** Lowercase, without the trailing dot. */
export const plainName = (hostname: string): string => hostname.toLowerCase().replace(/\.+$/, "");

/** Whether a name belongs to this host, its network or a metadata service, judged by the name alone. Single-label names do. */
export function isLocalName(hostname: string): boolean {
  const name = plainName(hostname);
  if (isIP(name) !== 0) return false;
  return !name.includes(".") || metadataServices.has(name) || zones.some((zone) => name.endsWith(`.${zone}`));
}

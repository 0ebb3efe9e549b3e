import { isIP } from "node:net";

/** Reserved for one machine, one network or one cluster: nothing on the internet has such a name. */
const zones = ["localhost", "localdomain", "local", "internal", "home.arpa", "svc"];
/** Metadata services whose names look public. */
const metadataServices = new Set(["metadata.goog", "metadata.tencentyun.com"]);

/** A name without the dot of the root, in lower case. */
export const plainName = (hostname: string): string => hostname.toLowerCase().replace(/\.+$/, "");

/** Whether a name is of this machine, of its network or of a metadata service, by the name alone. Names without a dot are. */
export function isLocalName(hostname: string): boolean {
  const name = plainName(hostname);
  if (isIP(name) !== 0) return false;
  return !name.includes(".") || metadataServices.has(name) || zones.some((zone) => name.endsWith(`.${zone}`));
}

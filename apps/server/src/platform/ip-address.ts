import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

const globalUnicast = ipaddr.IPv6.parseCIDR("2000::/3");
const nat64 = ipaddr.IPv6.parseCIDR("64:ff9b::/96");

/**
 * True only for addresses of the public internet. An IPv4 address inside an IPv6 one (mapped, NAT64) is checked as IPv4. Private, loopback,
 * link-local (metadata services), CGNAT, benchmarking, documentation, multicast, reserved and scoped addresses are not public.
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0 || address.includes("%")) return false;
  const ip = ipaddr.process(address);
  if (ip instanceof ipaddr.IPv4) return ip.range() === "unicast";
  if (ip.match(nat64)) return isPublicAddress(ipaddr.fromByteArray(ip.toByteArray().slice(12)).toString());
  return ip.match(globalUnicast) && ip.range() === "unicast";
}

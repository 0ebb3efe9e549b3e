import { networkInterfaces } from "node:os";
import type { OutboundRules } from "./outbound-rules.ts";

/** A sandbox, and another one that it may connect to. */
export interface Peers {
  from: string;
  to: string;
}

/** What sandboxes may reach. */
export interface SandboxPolicy {
  /** The nft table's name, the same in both namespaces. */
  table: string;
  /** Every possible sandbox address: `first-last`. */
  pool: readonly string[];
  resolvers: readonly string[];
  outboundRules: OutboundRules;
  /** Sandboxes that may connect to another one, by address. */
  peers: readonly Peers[];
}

export interface Policy extends SandboxPolicy {
  /** The host's end of the link to the hub. */
  device: string;
  /** Interfaces of the host's default routes. */
  uplinks: ReadonlySet<string>;
  /** Whether the host forwards packets anyway. */
  isRouter: boolean;
}

/**
 * Unreachable from sandboxes unless allowed: this network, private, shared, loopback, link-local (metadata), multicast and reserved
 * ranges.
 */
export const privateRanges = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "224.0.0.0/3",
];

/** The hub's end of the link to the host. Links to sandboxes have other names. */
export const hubDevice = "uplink";

/**
 * In the hub: sandboxes reach neither the hub nor each other, except their peers, and outside only public or allowed addresses. Where the
 * host has no table of ours (`isOnly`), addresses are translated here, and the hub itself sends nothing to the host.
 */
export const hubRules = (policy: SandboxPolicy, { isOnly = false } = {}) =>
  table(
    policy,
    `
  chain input { type filter hook input priority filter - 10; policy accept;
    ct state established,related accept
    iifname != "${hubDevice}" goto refuse
  }
  chain forward { type filter hook forward priority filter - 10; policy accept;
    # An address that no sandbox has: do not send the packet back.
    iifname "${hubDevice}" oifname "${hubDevice}" goto refuse
    iifname "${hubDevice}" accept
    meta l4proto tcp ip saddr . ip daddr @peers accept
    ct state established,related ip daddr . ip saddr @peers accept
    oifname != "${hubDevice}" goto refuse
    goto egress
  }
  # A sandbox sees the server as its gateway, so that an offline sandbox can respond too.
  chain postrouting { type nat hook postrouting priority srcnat; policy accept;
    iifname "${hubDevice}" oifname != "${hubDevice}" masquerade${isOnly ? `\n    ip saddr @pool oifname "${hubDevice}" masquerade` : ""}
  }${isOnly ? onlySandboxes : ""}
`,
  );

/** The server connects from the hub: to an address that no sandbox has, the packet would leave. */
const onlySandboxes = `
  chain output { type filter hook output priority filter - 10; policy accept;
    oifname "${hubDevice}" goto refuse
    accept
  }`;

/**
 * On the host: its own services are closed to the hub, only the host itself may connect into it, and outgoing packets are filtered again
 * after the host's address translation.
 */
export function hostRules(policy: Policy): string {
  const { device, uplinks, isRouter } = policy;
  // We allow forwarding on the default route's interface. Unless this host forwards anyway, others must not use that.
  const dropForwarded =
    isRouter || uplinks.size === 0
      ? ""
      : `iifname { ${[...uplinks].map((name) => `"${name}"`).join(", ")} } oifname != "ts*" ct state new drop`;
  return table(
    policy,
    `
  chain input { type filter hook input priority filter - 10; policy accept;
    iifname "${device}" jump from_sandbox
  }
  chain from_sandbox {
    ct state established,related accept
    jump named
    goto refuse
  }
  chain forward { type filter hook forward priority filter - 10; policy accept;
    iifname "${device}" jump egress
    oifname "${device}" ct state established,related accept
    oifname "${device}" drop
    ${dropForwarded}
  }
  chain postrouting { type nat hook postrouting priority srcnat; policy accept;
    ip saddr @pool oifname != "${device}" masquerade
  }
`,
  );
}

/** One transaction: the table is replaced without a gap. */
function table({ table: name, pool, resolvers, outboundRules, peers }: SandboxPolicy, chains: string): string {
  const elements = (list: readonly string[]) => (list.length === 0 ? "" : `elements = { ${[...new Set(list)].join(", ")} };`);
  return `
add table inet ${name}
delete table inet ${name}
table inet ${name} {
  set pool { type ipv4_addr; flags interval; ${elements(pool)} }
  set resolvers { type ipv4_addr; ${elements(resolvers)} }
  set allowed { type ipv4_addr . inet_service; ${elements(outboundRules.ports.map(({ ip, port }) => `${ip} . ${port}`))} }
  set peers { type ipv4_addr . ipv4_addr; ${elements(peers.map(({ from, to }) => `${from} . ${to}`))} }
  set allowed_hosts { type ipv4_addr; flags interval; auto-merge; ${elements(outboundRules.hosts)} }
  set refused { type ipv4_addr; flags interval; auto-merge; ${elements([...privateRanges, ...ownNetworks(), ...outboundRules.refused])} }
  chain named {
    ip daddr @resolvers meta l4proto { tcp, udp } th dport 53 accept
    ip daddr . tcp dport @allowed accept
    ip daddr @allowed_hosts accept
  }
  # Programs see a reset immediately; the kernel limits the rate of ICMP responses, so that programs would wait.
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject with icmpx type admin-prohibited
  }
  chain egress {
    ct state established,related accept
    meta nfproto ipv6 drop
    jump named
    ip daddr @refused goto refuse
    tcp dport 25 goto refuse
    accept
  }
${chains}
}
`;
}

/** The host's own networks and addresses: it and its neighbors are unreachable, even with public addresses. */
export function ownNetworks(): string[] {
  return Object.values(networkInterfaces())
    .flat()
    .flatMap((entry) => {
      if (entry?.family !== "IPv4" || entry.cidr === null) return [];
      const width = Number(entry.cidr.split("/")[1]);
      return width >= 8 ? [entry.cidr] : [];
    });
}

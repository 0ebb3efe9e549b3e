import { networkInterfaces } from "node:os";
import type { Exceptions } from "./outbound-rules.ts";

export interface Policy {
  /** The nft table's name, the same in both namespaces. */
  table: string;
  /** The host's end of its cable to the hub. */
  device: string;
  /** Every address a sandbox may have: `first-last`. */
  pool: readonly string[];
  resolvers: readonly string[];
  exceptions: Exceptions;
  /** Where the host's default routes go out. */
  uplinks: ReadonlySet<string>;
  /** Whether the host forwards for others anyway. */
  isRouter: boolean;
}

/** Never reachable from a sandbox unless named: this network, private, shared, loopback, link-local (metadata), multicast and reserved ranges. */
const privateRanges = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "224.0.0.0/3",
];

/** The hub's end of its cable to the host. Cables to sandboxes have names that begin otherwise. */
export const hubDevice = "uplink";

/** In the hub: sandboxes reach neither each other nor the hub, and out of it only what is public or named. */
export const hubRules = (policy: Policy) =>
  table(
    policy,
    `
  chain input { type filter hook input priority filter - 10; policy accept;
    ct state established,related accept
    iifname != "${hubDevice}" goto refuse
  }
  chain forward { type filter hook forward priority filter - 10; policy accept;
    # An address nobody has at the moment: back it does not go.
    iifname "${hubDevice}" oifname "${hubDevice}" goto refuse
    iifname "${hubDevice}" accept
    oifname != "${hubDevice}" goto refuse
    goto egress
  }
  # To a sandbox, the server comes from its gateway: one without a way out answers too.
  chain postrouting { type nat hook postrouting priority srcnat; policy accept;
    iifname "${hubDevice}" oifname != "${hubDevice}" masquerade
  }
`,
  );

/**
 * On the host: its own services are closed to the hub, nobody but the host itself opens connections into it, and what comes
 * out of it is held to the same rules once more, after any address translation of the host.
 */
export function hostRules(policy: Policy): string {
  const { device, uplinks, isRouter } = policy;
  // We let packets in where the default route goes out. Unless this host forwards anyway, nobody else shall use that.
  const strangers =
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
    ${strangers}
  }
  chain postrouting { type nat hook postrouting priority srcnat; policy accept;
    ip saddr @pool oifname != "${device}" masquerade
  }
`,
  );
}

/** One transaction: the old table and the new one never overlap and never leave a gap. */
function table({ table: name, pool, resolvers, exceptions }: Policy, chains: string): string {
  const elements = (list: readonly string[]) => (list.length === 0 ? "" : `elements = { ${[...new Set(list)].join(", ")} };`);
  return `
add table inet ${name}
delete table inet ${name}
table inet ${name} {
  set pool { type ipv4_addr; flags interval; ${elements(pool)} }
  set resolvers { type ipv4_addr; ${elements(resolvers)} }
  set allowed { type ipv4_addr . inet_service; ${elements(exceptions.ports.map(({ ip, port }) => `${ip} . ${port}`))} }
  set allowed_hosts { type ipv4_addr; flags interval; auto-merge; ${elements(exceptions.hosts)} }
  set refused { type ipv4_addr; flags interval; auto-merge; ${elements([...privateRanges, ...neighbours(), ...exceptions.refused])} }
  chain named {
    ip daddr @resolvers meta l4proto { tcp, udp } th dport 53 accept
    ip daddr . tcp dport @allowed accept
    ip daddr @allowed_hosts accept
  }
  # A reset is heard at once; ICMP answers are rationed by the kernel and would leave programs waiting.
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

/** The host's own networks: neighbours on the same wire are nobody's business, even with public addresses. */
function neighbours(): string[] {
  return Object.values(networkInterfaces())
    .flat()
    .flatMap((entry) => {
      if (entry?.family !== "IPv4" || entry.cidr === null) return [];
      const width = Number(entry.cidr.split("/")[1]);
      return width >= 8 && width < 32 ? [entry.cidr] : [];
    });
}

import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { run } from "../run.ts";
import type { Slot } from "../host/slots.ts";

/** Private networks of the sandboxes of one data folder: one network namespace per sandbox, one nft table for all. */
export interface Network {
  /** The namespace of a slot, cabled and filtered; made when missing. Returns the path to enter it by. */
  ensure(slot: Slot, options: { offline: boolean }): Promise<string>;
  remove(slot: Slot): Promise<void>;
  /** Replaces what stays reachable although it is private, and what does not although it is public. */
  setExceptions(exceptions: Exceptions): Promise<void>;
  close(): Promise<void>;
}

export interface Exceptions {
  /** One port of an address. */
  ports: readonly { ip: string; port: number }[];
  /** All of an address or range. */
  hosts: readonly string[];
  refused: readonly string[];
}

interface Options {
  /** Short hash of the data folder; goes into every name. */
  key: string;
  ranges: () => { from: string; to: string }[];
  resolvers: readonly string[];
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

/** Inside the namespace: loopback up, our address, and inbound connections led to 127.0.0.1, where most dev servers listen. */
const inside = `set -e
ip -batch - <<EOF
link set lo up
addr add $2/30 dev eth0
link set eth0 mtu $4 up
$3
EOF
echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet
echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start
[ ! -e /proc/sys/net/ipv6 ] || echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6
nft -f - <<EOF
table ip studio {
  chain inbound { type nat hook prerouting priority dstnat; policy accept;
    iifname "eth0" ip daddr $2 meta l4proto tcp dnat to 127.0.0.1
  }
}
EOF`;

const outside = `set -e
ip netns add "$1"
ip -batch - <<EOF
link add $2 type veth peer name eth0 netns $1
addr add $3/30 dev $2
link set $2 mtu $7 up
EOF
echo 1 > "/proc/sys/net/ipv4/conf/$2/forwarding"
[ ! -e /proc/sys/net/ipv6 ] || echo 1 > "/proc/sys/net/ipv6/conf/$2/disable_ipv6"
exec nsenter --net="/run/netns/$1" sh -c "$6" sh "$3" "$4" "$5" "$7"`;

/** Lays the filter. Throws when the host does not let us (not root, no nftables, no network namespaces). */
export async function openNetwork({ key, ranges, resolvers }: Options): Promise<Network> {
  const prefix = `ts${key.slice(0, 5)}-`;
  const table = `tesslate_${key}`;
  const namespace = (slot: Slot) => `tesslate-${key}-${slot.number.toString(36)}`;
  const device = (slot: Slot) => `${prefix}${slot.number.toString(36)}`;
  /** What the filter was laid for; when it is something else, it is laid anew. */
  let laidFor = "";
  const situation = () => `${poolOf(ranges())} ${isRouter()}`;
  /** Whether a slot's namespace has its way out, as far as this process knows. */
  const routed = new Map<number, boolean>();
  let exceptions: Exceptions = { ports: [], hosts: [], refused: [] };
  const uplinks = findUplinks();
  const mtu = Math.min(...[...uplinks].map((name) => Number(readFileSync(`/sys/class/net/${name}/mtu`, "utf8"))), 1500);

  /** One transaction: the old table and the new one never overlap and never leave a gap. */
  async function lay() {
    const pool = poolOf(ranges());
    // We let packets in where the default route goes out. Unless this host forwards anyway, nobody else shall use that.
    const strangers =
      isRouter() || uplinks.size === 0
        ? ""
        : `iifname { ${[...uplinks].map((name) => `"${name}"`).join(", ")} } oifname != "ts*" ct state new drop`;
    const elements = (list: readonly string[]) => (list.length === 0 ? "" : `elements = { ${[...new Set(list)].join(", ")} };`);
    await run(["nft", "-f", "-"], {
      input: `
add table inet ${table}
delete table inet ${table}
table inet ${table} {
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
  chain input { type filter hook input priority filter - 10; policy accept;
    iifname "${prefix}*" jump from_sandbox
  }
  chain from_sandbox {
    ct state established,related accept
    jump named
    goto refuse
  }
  # A reset is heard at once; ICMP answers are rationed by the kernel and would leave programs waiting.
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject with icmpx type admin-prohibited
  }
  chain forward { type filter hook forward priority filter - 10; policy accept;
    iifname "${prefix}*" jump egress
    oifname "${prefix}*" ct state established,related accept
    oifname "${prefix}*" drop
    ${strangers}
  }
  chain egress {
    ct state established,related accept
    meta nfproto ipv6 drop
    jump named
    ip daddr @refused goto refuse
    tcp dport 25 goto refuse
    accept
  }
  chain postrouting { type nat hook postrouting priority srcnat; policy accept;
    ip saddr @pool oifname != "${prefix}*" masquerade
  }
}
`,
    });
    laidFor = situation();
  }

  await lay();
  await openForwarding(uplinks, prefix);
  return {
    async ensure(slot, { offline }) {
      const path = `/run/netns/${namespace(slot)}`;
      if (laidFor !== situation()) await lay();
      if (existsSync(path) && existsSync(`/sys/class/net/${device(slot)}`)) {
        if (routed.get(slot.number) !== !offline) await setDefaultRoute(path, slot, offline);
        routed.set(slot.number, !offline);
        return path;
      }
      await remove(slot);
      await run([
        "sh",
        "-c",
        outside,
        "sh",
        namespace(slot),
        device(slot),
        slot.hostIp,
        slot.ip,
        offline ? "" : `route add default via ${slot.hostIp}`,
        inside,
        String(mtu),
      ]);
      routed.set(slot.number, !offline);
      return path;
    },
    remove,
    async setExceptions(next) {
      if (JSON.stringify(next) === JSON.stringify(exceptions)) return;
      exceptions = next;
      await lay();
    },
    async close() {
      for (const name of existsSync("/run/netns") ? readdirSync("/run/netns") : [])
        if (name.startsWith(`tesslate-${key}-`)) await run(["ip", "netns", "del", name]);
      await run(["nft", "delete", "table", "inet", table]);
    },
  };

  async function setDefaultRoute(path: string, slot: Slot, offline: boolean) {
    const action = offline ? "del" : "replace";
    const change = ["nsenter", `--net=${path}`, "ip", "route", action, "default", "via", slot.hostIp] as const;
    await run(change).catch((error: unknown) => {
      if (!offline) throw error; // there was none to take away
    });
  }
  async function remove(slot: Slot) {
    routed.delete(slot.number);
    if (existsSync(`/run/netns/${namespace(slot)}`)) await run(["ip", "netns", "del", namespace(slot)]);
    // The cable goes with its other end, but a little later.
    if (existsSync(`/sys/class/net/${device(slot)}`))
      await run(["ip", "link", "del", device(slot)]).catch((error: unknown) => {
        if (existsSync(`/sys/class/net/${device(slot)}`)) throw error;
      });
  }
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

const poolOf = (ranges: readonly { from: string; to: string }[]) => ranges.map(({ from, to }) => `${from}-${to}`);
const isRouter = () => readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8").trim() === "1";

/** Where default routes go out. */
function findUplinks(): Set<string> {
  const routes = readFileSync("/proc/net/route", "utf8").split("\n").slice(1);
  return new Set(
    routes
      .map((line) => line.split("\t"))
      .filter(([device, destination]) => device && destination === "00000000")
      .map(([device]) => device as string),
  );
}

/** Packets of sandboxes are forwarded, and the answers that come in where the default route goes out. */
async function openForwarding(uplinks: ReadonlySet<string>, prefix: string): Promise<void> {
  for (const device of uplinks) {
    const file = `/proc/sys/net/ipv4/conf/${device}/forwarding`;
    if (readFileSync(file, "utf8").trim() === "0") writeFileSync(file, "1");
  }
  await acceptInIptables(prefix);
}

/** Docker and host firewalls set FORWARD to drop; an accept in our own table does not override theirs, so it is said there too. */
async function acceptInIptables(prefix: string): Promise<void> {
  const rules = await run(["iptables", "-S", "FORWARD"]).catch(() => "");
  if (!rules.startsWith("-P FORWARD DROP")) return;
  const chain = rules.includes("-j DOCKER-USER") ? "DOCKER-USER" : "FORWARD";
  for (const rule of [
    ["-i", `${prefix}+`, "-j", "ACCEPT"],
    ["-o", `${prefix}+`, "-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED", "-j", "ACCEPT"],
  ])
    await run(["iptables", "-C", chain, ...rule]).catch(() => run(["iptables", "-I", chain, ...rule]));
}

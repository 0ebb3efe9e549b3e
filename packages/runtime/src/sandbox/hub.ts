import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { run } from "../run.ts";
import { toAddress, toNumber, type Slot } from "../host/slots/slots.ts";
import { hubDevice } from "../host/network/filter.ts";
import { removeLink, removeNamespace } from "../host/network/network-namespaces.ts";

/**
 * The namespace that connects all sandboxes of a data folder. Programs on the host that watch its links (browsers cancel requests when one
 * changes) see only its single link, created at the start.
 */
export interface Hub {
  /** Path for entering it. */
  path: string;
  /** Routes addresses of sandboxes into it. */
  route(ranges: readonly Range[]): Promise<void>;
  close(): Promise<void>;
}

interface Range {
  from: string;
  to: string;
}

interface Options {
  /** Name of the namespace. */
  name: string;
  /** The host's end of the link. */
  device: string;
  /** The addresses of the link: the host's and the hub's. */
  slot: Slot;
  mtu: number;
}

/** The hub's settings apply to later links. Its default route is set last and marks it as complete. */
const create = `set -e
ip netns add "$1"
nsenter --net="/run/netns/$1" sh -ec '
  echo 1 > /proc/sys/net/ipv4/ip_forward
  for which in all default; do
    echo 0 > /proc/sys/net/ipv4/conf/$which/send_redirects
    [ ! -e /proc/sys/net/ipv6 ] || echo 1 > /proc/sys/net/ipv6/conf/$which/disable_ipv6
  done'
ip -batch - <<EOF
link add $2 type veth peer name ${hubDevice} netns $1
addr add $3/30 dev $2
EOF
echo 1 > "/proc/sys/net/ipv4/conf/$2/forwarding"
[ ! -e /proc/sys/net/ipv6 ] || echo 1 > "/proc/sys/net/ipv6/conf/$2/disable_ipv6"
ip link set $2 mtu $5 up
ip -n "$1" -batch - <<EOF
link set lo up
addr add $4/30 dev ${hubDevice}
link set ${hubDevice} mtu $5 up
route add default via $3
EOF`;

/** Adopts the hub of an earlier process or creates one. Throws when the host does not allow it. */
export async function openHub({ name, device, slot, mtu }: Options): Promise<Hub> {
  const path = `/run/netns/${name}`;

  async function close() {
    await removeLink(device);
    await removeNamespace(name);
  }
  async function isComplete() {
    if (!existsSync(path) || !existsSync(`/sys/class/net/${device}`)) return false;
    const route = await run(["ip", "-n", name, "route", "show", "default"]).catch(() => "");
    return route.includes(`via ${slot.hostIp} dev ${hubDevice}`);
  }

  if (!(await isComplete())) {
    await close();
    try {
      await run(["sh", "-c", create, "sh", name, device, slot.hostIp, slot.ip, String(mtu)]);
    } catch (error) {
      await close();
      throw error;
    }
  }
  return {
    path,
    async route(ranges) {
      const routes = ranges.flatMap(({ from, to }) => networks(from, to));
      const input = routes.map((network) => `route replace ${network} via ${slot.ip} dev ${device}\n`).join("");
      await run(["ip", "-batch", "-"], { input });
    },
    close,
  };
}

/** Interfaces of the default routes. */
export function findUplinks(): Set<string> {
  const routes = readFileSync("/proc/net/route", "utf8").split("\n").slice(1);
  return new Set(
    routes
      .map((line) => line.split("\t"))
      .filter(([device, destination]) => device && destination === "00000000")
      .map(([device]) => device as string),
  );
}

/** Enables forwarding of sandboxes' packets and of responses on the default route's interface. */
export async function openForwarding(uplinks: ReadonlySet<string>, device: string): Promise<void> {
  for (const uplink of uplinks) {
    const file = `/proc/sys/net/ipv4/conf/${uplink}/forwarding`;
    if (readFileSync(file, "utf8").trim() === "0") writeFileSync(file, "1");
  }
  await acceptInIptables(device);
}

/** Docker and host firewalls set FORWARD to drop; an accept in our own table does not override theirs, so it is added there too. */
async function acceptInIptables(device: string): Promise<void> {
  const rules = await run(["iptables", "-S", "FORWARD"]).catch(() => "");
  if (!rules.startsWith("-P FORWARD DROP")) return;
  const chain = rules.includes("-j DOCKER-USER") ? "DOCKER-USER" : "FORWARD";
  for (const rule of [
    ["-i", device, "-j", "ACCEPT"],
    ["-o", device, "-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED", "-j", "ACCEPT"],
  ])
    await run(["iptables", "-C", chain, ...rule]).catch(() => run(["iptables", "-I", chain, ...rule]));
}

/** Splits an address range into the fewest networks, because routes have no ranges. */
export function networks(from: string, to: string): string[] {
  const found: string[] = [];
  const last = toNumber(to);
  for (let at = toNumber(from); at <= last;) {
    let size = 1;
    while (size < 2 ** 31 && at % (size * 2) === 0 && at + size * 2 - 1 <= last) size *= 2;
    found.push(`${toAddress(at)}/${32 - Math.log2(size)}`);
    at += size;
  }
  return found;
}

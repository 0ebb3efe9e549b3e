import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { connectTo } from "../connect.ts";
import { run } from "../run.ts";
import { toAddress, toNumber, type Slot } from "../host/slots/slots.ts";
import { hostRules, hubDevice, hubRules, type SandboxPolicy } from "../host/network/filter.ts";
import { removeLink, removeNamespace } from "../host/network/network-namespaces.ts";

/**
 * The namespace that connects all sandboxes of a data folder. Programs on the host that watch its links (browsers cancel requests when one
 * changes) see only its single link, created at the start.
 */
export interface Hub {
  /** The maximum packet size of its links. */
  readonly mtu: number;
  /** Runs a system tool in it. The namespaces of its sandboxes are at `/run/netns`. */
  run(argv: readonly string[], options?: { input?: string }): Promise<string>;
  /** Whether it exists: others may remove it when the data folder is deleted. */
  isOpen(): boolean;
  /** Whether it exists, with this namespace. */
  has(name: string): boolean;
  /** Arguments of `nsenter` that lead into a namespace. */
  entry(name: string): string[];
  /** Does nothing when the namespace is deleted or being deleted. */
  remove(name: string): Promise<void>;
  /** Describes the installed filter besides the policy: when it changes, the filter must be installed again. */
  configuration(): string;
  /** Installs the filter. `ranges`: the addresses of sandboxes. */
  filter(policy: SandboxPolicy, ranges: readonly Range[]): Promise<void>;
  /** Connects to an address of a sandbox. */
  connect(address: { host: string; port: number }, options?: { signal?: AbortSignal }): Promise<Socket>;
  /** Creates it again after it ended unexpectedly, without sandboxes; unset where only an operator can have removed it. */
  reopen?(): Promise<void>;
  /** Ends what belongs to this process; the hub and its sandboxes stay. */
  leave(): void;
  close(): Promise<void>;
}

interface Range {
  from: string;
  to: string;
}

interface Options {
  /** Short hash of the data folder. */
  key: string;
  /** The addresses of the link: the host's and the hub's. */
  slot: Slot;
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

/** The hub that root creates, or the one of an earlier process. Throws when the host does not allow it. */
export async function openHub({ key, slot }: Options): Promise<Hub> {
  const prefix = `tesslate-${key}-`;
  // No sandbox number begins with an underscore.
  const name = `${prefix}_hub`;
  /** The host's end of the link. */
  const device = `ts-${key}`;
  const path = fileOf(name);
  const uplinks = findUplinks();
  const mtu = Math.min(...[...uplinks].map((uplink) => Number(readFileSync(`/sys/class/net/${uplink}/mtu`, "utf8"))), 1500);
  const inHub = (argv: readonly string[]) => ["nsenter", `--net=${path}`, ...argv] as const;
  const names = () =>
    (existsSync("/run/netns") ? readdirSync("/run/netns") : []).filter((each) => each.startsWith(prefix) && each !== name);
  let isForwarding = false;

  async function removeHub() {
    await removeLink(device);
    await removeNamespace(name);
  }
  async function isComplete() {
    if (!existsSync(path) || !existsSync(`/sys/class/net/${device}`)) return false;
    const route = await run(["ip", "-n", name, "route", "show", "default"]).catch(() => "");
    return route.includes(`via ${slot.hostIp} dev ${hubDevice}`);
  }

  if (!(await isComplete())) {
    await removeHub();
    try {
      await run(["sh", "-c", create, "sh", name, device, slot.hostIp, slot.ip, String(mtu)]);
    } catch (error) {
      await removeHub();
      throw error;
    }
  }
  return {
    mtu,
    run: (argv, options) => run(inHub(argv), options),
    isOpen: () => existsSync(path),
    has: (each) => existsSync(path) && existsSync(fileOf(each)),
    entry: (each) => [`--net=${fileOf(each)}`],
    remove: removeNamespace,
    configuration: () => String(isRouter()),
    async filter(policy, ranges) {
      await run(["nft", "-f", "-"], { input: hostRules({ ...policy, device, uplinks, isRouter: isRouter() }) });
      await run(inHub(["nft", "-f", "-"]), { input: hubRules(policy) });
      const routes = ranges.flatMap(({ from, to }) => networks(from, to));
      const input = routes.map((network) => `route replace ${network} via ${slot.ip} dev ${device}\n`).join("");
      await run(["ip", "-batch", "-"], { input });
      if (!isForwarding) await openForwarding(uplinks, device);
      isForwarding = true;
    },
    connect: connectTo,
    leave: () => undefined,
    async close() {
      const input = names()
        .map((each) => `netns del ${each}\n`)
        .join("");
      // When the data folder was deleted, others may remove them at the same time.
      if (input !== "") await run(["ip", "-batch", "-"], { input }).catch(() => Promise.all(names().map(removeNamespace)));
      await removeHub();
      // "add" first, because deleting a missing table is an error.
      await run(["nft", "-f", "-"], { input: `add table inet tesslate_${key}\ndelete table inet tesslate_${key}\n` });
    },
  };
}

const fileOf = (name: string) => `/run/netns/${name}`;
const isRouter = () => readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8").trim() === "1";

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
async function openForwarding(uplinks: ReadonlySet<string>, device: string): Promise<void> {
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

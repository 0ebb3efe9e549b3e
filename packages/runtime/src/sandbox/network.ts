import type { Socket } from "node:net";
import type { Slot } from "../host/slots/slots.ts";
import type { OutboundRules } from "../host/network/outbound-rules.ts";
import type { Peers, SandboxPolicy } from "../host/network/filter.ts";
import type { Hub } from "./hub.ts";

/** Private networks of the sandboxes of one data folder: one network namespace each, connected to a shared hub. */
export interface Network {
  /**
   * The namespace of a slot, connected and filtered; created when missing. It may connect to the addresses of `peers` and to those of no
   * earlier call. Returns the arguments of `nsenter` that lead into it.
   */
  ensure(slot: Slot, options: { offline: boolean; peers: readonly string[] }): Promise<string[]>;
  remove(slot: Slot): Promise<void>;
  /** Replaces the exceptions: reachable private addresses and blocked public ones. */
  setOutboundRules(outboundRules: OutboundRules): Promise<void>;
  /** Whether it exists: otherwise the next `ensure` creates it again. */
  isOpen(): boolean;
  /** Connects to an address of a sandbox. */
  connect(address: { host: string; port: number }, options?: { signal?: AbortSignal }): Promise<Socket>;
  /** Ends what belongs to this process; sandboxes keep their networks. */
  leave(): void;
  close(): Promise<void>;
}

interface Options {
  /** Short hash of the data folder, part of every name. */
  key: string;
  hub: Hub;
  ranges: () => { from: string; to: string }[];
  resolvers: readonly string[];
}

/** Inside the namespace: loopback, our address, and redirection of inbound connections to 127.0.0.1, where most dev servers listen. */
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

/** Runs in the hub: both ends of the link are created outside of the host's namespace. */
const outside = `set -e
ip netns add "$1"
ip -batch - <<EOF
link add $2 type veth peer name eth0 netns $1
addr add $3/30 dev $2
link set $2 mtu $7 up
EOF
exec nsenter --net="/run/netns/$1" sh -c "$6" sh "$3" "$4" "$5" "$7"`;

/** The filter is created last by `inside`: its presence means that setup is complete. */
const isSetUpScript = `ip link show dev "$2" && nsenter --net="/run/netns/$1" nft list table ip studio`;

/** Installs the filter in the hub. Throws when the host does not allow it (no nftables), with the hub closed. */
export async function openNetwork({ key, hub, ranges, resolvers }: Options): Promise<Network> {
  const table = `tesslate_${key}`;
  const namespace = (slot: Slot) => `tesslate-${key}-${slot.number.toString(36)}`;
  /** The link's end in the hub. */
  const device = (slot: Slot) => `p${slot.number.toString(36)}`;
  /** Configuration of the installed filter; on changes it is installed again. */
  let configuredFor = "";
  const currentConfiguration = () => `${poolOf(ranges())} ${hub.configuration()}`;
  /** Whether a slot's namespace has a default route, for those this process created or checked. */
  const routed = new Map<number, boolean>();
  let outboundRules: OutboundRules = { ports: [], hosts: [], refused: [] };
  /** The addresses that a sandbox may connect to, by its own. */
  const peers = new Map<string, readonly string[]>();
  let settingUp: Promise<void> = Promise.resolve();
  /**
   * One at a time, so that an older policy never replaces a newer one. A failure is tried again once: the tables are replaced as a whole, and
   * a tool that was interrupted leaves nothing.
   */
  function setUp(): Promise<void> {
    settingUp = settingUp.catch(() => {}).then(() => applyPolicy().catch(applyPolicy));
    return settingUp;
  }
  async function applyPolicy() {
    const now = currentConfiguration();
    const policy: SandboxPolicy = { table, pool: poolOf(ranges()), resolvers, outboundRules, peers: listPeers() };
    await hub.filter(policy, ranges());
    configuredFor = now;
  }

  let reopening: Promise<void> | undefined;
  function reopen(create: () => Promise<void>): Promise<void> {
    reopening ??= (async () => {
      await create();
      routed.clear();
      await setUp();
    })().finally(() => (reopening = undefined));
    return reopening;
  }

  try {
    await setUp();
  } catch (error) {
    await hub.close();
    throw error;
  }
  return {
    async ensure(slot, { offline, peers: wanted }) {
      if (wanted.join() !== (peers.get(slot.ip) ?? []).join()) await setPeers(slot.ip, wanted);
      const name = namespace(slot);
      if (hub.reopen && !hub.isOpen()) await reopen(hub.reopen);
      if (configuredFor !== currentConfiguration()) await setUp();
      if (hub.has(name) && (routed.has(slot.number) || (await isAdoptable(slot)))) {
        if (routed.get(slot.number) !== !offline) await setDefaultRoute(slot, offline);
        routed.set(slot.number, !offline);
        return hub.entry(name);
      }
      if (hub.has(name)) await remove(slot);
      const way = offline ? "" : `route add default via ${slot.hostIp}`;
      const argv = ["sh", "-c", outside, "sh", name, device(slot), slot.hostIp, slot.ip, way, inside, String(hub.mtu)];
      await hub.run(argv).catch(async () => {
        // The slot's last owner may have left its link; checking first would slow every start.
        await remove(slot);
        await hub.run(argv);
      });
      routed.set(slot.number, !offline);
      return hub.entry(name);
    },
    async remove(slot) {
      await forgetPeers(slot.ip);
      await remove(slot);
    },
    async setOutboundRules(next) {
      if (JSON.stringify(next) === JSON.stringify(outboundRules)) return;
      outboundRules = next;
      await setUp();
    },
    isOpen: () => hub.reopen === undefined || hub.isOpen(),
    connect: hub.connect,
    leave: hub.leave,
    close: hub.close,
  };

  function listPeers(): Peers[] {
    return [...peers].flatMap(([from, all]) => all.map((to) => ({ from, to })));
  }
  async function setPeers(ip: string, wanted: readonly string[]) {
    if (wanted.length > 0) peers.set(ip, wanted);
    else peers.delete(ip);
    await setUp();
  }
  /** The next owner of an address must not inherit what was allowed to or from it. */
  async function forgetPeers(ip: string) {
    const isKnown = listPeers().some(({ from, to }) => from === ip || to === ip);
    if (!isKnown) return;
    peers.delete(ip);
    for (const [from, all] of peers)
      peers.set(
        from,
        all.filter((to) => to !== ip),
      );
    await setUp();
  }
  /** A namespace of an earlier process, unless it is incomplete or its hub was deleted. */
  function isAdoptable(slot: Slot): Promise<boolean> {
    return hub.run(["sh", "-ec", isSetUpScript, "sh", namespace(slot), device(slot)]).then(
      () => true,
      () => false,
    );
  }
  async function setDefaultRoute(slot: Slot, offline: boolean) {
    const action = offline ? "del" : "replace";
    const enter = ["nsenter", `--net=/run/netns/${namespace(slot)}`];
    await hub.run([...enter, "ip", "route", action, "default", "via", slot.hostIp]).catch((error: unknown) => {
      if (!offline) throw error; // there was none to take away
    });
  }
  async function remove(slot: Slot) {
    routed.delete(slot.number);
    await hub.remove(namespace(slot));
    await hub.run(["sh", "-c", unplug, "sh", device(slot)]).catch((error: unknown) => {
      // The link was removed with the hub.
      if (hub.isOpen()) throw error;
    });
  }
}

/** The link disappears shortly after its peer; the slot's next owner must not find one. */
const unplug = `! ip link show dev "$1" 2>&1 || ip link del "$1" || ! ip link show dev "$1"`;

const poolOf = (ranges: readonly { from: string; to: string }[]) => ranges.map(({ from, to }) => `${from}-${to}`);

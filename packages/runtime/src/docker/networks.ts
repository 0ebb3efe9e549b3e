import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import type Docker from "dockerode";
import type { OutboundRules } from "../host/network/outbound-rules.ts";
import { hostRules, type Policy } from "../host/network/filter.ts";
import type { Slot } from "../host/slots/slots.ts";
import { findUplinks } from "../sandbox/hub.ts";
import { ignoreMissing } from "./engine.ts";
import type { NetAdmin } from "./net-admin.ts";

/** Networks of all sandboxes: one bridge each, and the filter between them. */
export interface Networks {
  /** Name of the slot's network, created when missing. */
  ensure(slot: Slot, options: { isOffline: boolean }): Promise<string>;
  remove(slot: Slot): Promise<void>;
  /** Replaces the exceptions: reachable private addresses and blocked public ones. */
  setOutboundRules(outboundRules: OutboundRules): Promise<void>;
  /** Removes the filter. */
  close(): Promise<void>;
}

interface Options {
  docker: Docker;
  /** Short hash of the data folder, part of every name. */
  key: string;
  labels: Record<string, string>;
  /** Undefined when no filter can be set: networks are then separated only by the engine. */
  admin: NetAdmin | undefined;
  /** Whether we may change the machine's own settings. */
  isDirect: boolean;
  ranges: () => { from: string; to: string }[];
  resolvers: readonly string[];
}

/** Installs the filter. Throws when that is not possible. */
export async function openNetworks({ docker, key, labels, admin, isDirect, ranges, resolvers }: Options): Promise<Networks> {
  const table = `tesslate_${key}`;
  let outboundRules: OutboundRules = { ports: [], hosts: [], refused: [] };
  let installedRanges = "";
  const nameOf = (slot: Slot) => `tesslate-${key}-${slot.number.toString(36)}`;
  const pool = () => ranges().map(({ from, to }) => `${from}-${to}`);
  async function setUp() {
    installedRanges = pool().join();
    const uplinks = isDirect ? findUplinks() : new Set<string>();
    const policy: Policy = {
      table,
      // Matches all of our bridges.
      device: `ts${key}*`,
      pool: pool(),
      resolvers: resolvers.filter(isIPv4),
      outboundRules,
      peers: [],
      uplinks,
      isRouter: !isDirect || readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8").trim() === "1",
    };
    await admin?.host(hostRules(policy));
    if (isDirect) for (const uplink of uplinks) openForwarding(uplink);
  }
  await setUp();

  return {
    async ensure(slot, { isOffline }) {
      // Another block of addresses has been claimed since.
      if (installedRanges !== pool().join()) await setUp();
      const name = nameOf(slot);
      const known = await docker.getNetwork(name).inspect().catch(ignoreMissing);
      // When we set routes, the engine does not have to.
      const isInternal = isOffline && admin === undefined;
      if (known?.Internal === isInternal) return name;
      if (known) await docker.getNetwork(known.Id).remove().catch(ignoreMissing);
      const bridge = `ts${key}-${slot.number.toString(36)}`;
      await docker.createNetwork({
        Name: name,
        CheckDuplicate: true,
        Driver: "bridge",
        Internal: isInternal,
        Labels: labels,
        // The engine's default ranges hold only about thirty networks.
        IPAM: { Driver: "default", Config: [{ Subnet: `${networkOf(slot)}/30`, Gateway: slot.hostIp }] },
        Options: { "com.docker.network.bridge.name": bridge },
      });
      if (isDirect) openForwarding(bridge);
      return name;
    },
    async remove(slot) {
      await docker.getNetwork(nameOf(slot)).remove().catch(ignoreMissing);
    },
    async setOutboundRules(next) {
      outboundRules = next;
      await setUp();
    },
    // "add" first, because deleting a missing table is an error.
    close: async () => admin?.host(`add table inet ${table}\ndelete table inet ${table}\n`),
  };
}

/** An engine configured not to touch the machine's packet filter: leave it alone too. */
function openForwarding(device: string) {
  const file = `/proc/sys/net/ipv4/conf/${device}/forwarding`;
  if (existsSync(file) && readFileSync(file, "utf8").trim() === "0") writeFileSync(file, "1");
}

/** A slot's four addresses start below the host's. */
const networkOf = ({ hostIp }: Slot) => {
  const [a, b, c, d] = hostIp.split(".").map(Number);
  return `${a}.${b}.${c}.${(d ?? 1) - 1}`;
};

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import type Docker from "dockerode";
import type { Exceptions } from "../host/outbound-rules.ts";
import { hostRules, type Policy } from "../host/filter.ts";
import type { Slot } from "../host/slots.ts";
import { findUplinks } from "../sandbox/hub.ts";
import { ignoreGone } from "./engine.ts";
import type { NetAdmin } from "./net-admin.ts";

/** The networks of all sandboxes: a bridge each, and the filter that keeps them apart. */
export interface Networks {
  /** Name of the slot's network, made when missing. */
  ensure(slot: Slot, options: { isOffline: boolean }): Promise<string>;
  remove(slot: Slot): Promise<void>;
  /** Replaces what stays reachable although it is private, and what does not although it is public. */
  setExceptions(exceptions: Exceptions): Promise<void>;
  /** Takes the filter away. */
  close(): Promise<void>;
}

interface Options {
  docker: Docker;
  /** Short hash of the data folder; goes into every name. */
  key: string;
  labels: Record<string, string>;
  /** Absent where no filter can be set: networks are then apart only as far as the engine keeps them apart. */
  admin: NetAdmin | undefined;
  /** Whether the machine's own settings are ours to change. */
  isDirect: boolean;
  ranges: () => { from: string; to: string }[];
  resolvers: readonly string[];
}

/** Lays the filter. Throws when it cannot be laid. */
export async function openNetworks({ docker, key, labels, admin, isDirect, ranges, resolvers }: Options): Promise<Networks> {
  const table = `tesslate_${key}`;
  let exceptions: Exceptions = { ports: [], hosts: [], refused: [] };
  let laidRanges = "";
  const nameOf = (slot: Slot) => `tesslate-${key}-${slot.number.toString(36)}`;
  const pool = () => ranges().map(({ from, to }) => `${from}-${to}`);
  async function lay() {
    laidRanges = pool().join();
    const uplinks = isDirect ? findUplinks() : new Set<string>();
    const policy: Policy = {
      table,
      // Every bridge of ours.
      device: `ts${key}*`,
      pool: pool(),
      resolvers: resolvers.filter(isIPv4),
      exceptions,
      uplinks,
      isRouter: !isDirect || readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8").trim() === "1",
    };
    await admin?.host(hostRules(policy));
    if (isDirect) for (const uplink of uplinks) openForwarding(uplink);
  }
  await lay();

  return {
    async ensure(slot, { isOffline }) {
      // Another block of addresses was taken since.
      if (laidRanges !== pool().join()) await lay();
      const name = nameOf(slot);
      const known = await docker.getNetwork(name).inspect().catch(ignoreGone);
      // Where we set routes ourselves, the engine need not.
      const isInternal = isOffline && admin === undefined;
      if (known?.Internal === isInternal) return name;
      if (known) await docker.getNetwork(known.Id).remove().catch(ignoreGone);
      const bridge = `ts${key}-${slot.number.toString(36)}`;
      await docker.createNetwork({
        Name: name,
        CheckDuplicate: true,
        Driver: "bridge",
        Internal: isInternal,
        Labels: labels,
        // The engine's own ranges hold about thirty networks.
        IPAM: { Driver: "default", Config: [{ Subnet: `${networkOf(slot)}/30`, Gateway: slot.hostIp }] },
        Options: { "com.docker.network.bridge.name": bridge },
      });
      if (isDirect) openForwarding(bridge);
      return name;
    },
    async remove(slot) {
      await docker.getNetwork(nameOf(slot)).remove().catch(ignoreGone);
    },
    async setExceptions(next) {
      exceptions = next;
      await lay();
    },
    // "add" first: deleting what is not there is an error.
    close: async () => admin?.host(`add table inet ${table}\ndelete table inet ${table}\n`),
  };
}

/** An engine that was told to leave the machine's packet filter alone leaves this alone too. */
function openForwarding(device: string) {
  const file = `/proc/sys/net/ipv4/conf/${device}/forwarding`;
  if (existsSync(file) && readFileSync(file, "utf8").trim() === "0") writeFileSync(file, "1");
}

/** A slot's four addresses begin below the host's. */
const networkOf = ({ hostIp }: Slot) => {
  const [a, b, c, d] = hostIp.split(".").map(Number);
  return `${a}.${b}.${c}.${(d ?? 1) - 1}`;
};

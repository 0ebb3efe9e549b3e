import type Docker from "dockerode";
import { RuntimeError } from "../errors.ts";
import type { Place } from "../host/process-isolation.ts";
import { bind } from "./mounts.ts";
import { ignoreGone, reasonOf, statusOf } from "./engine.ts";
import { groupOf, hostConfig, label, labelsOf, type Walls } from "./container-config.ts";

/** The network namespace of one sandbox, held by a container that does nothing: what joins it shares one loopback. */
export interface Pod {
  /** How a container joins it. Made when missing. */
  join(): Promise<string>;
  /** Takes it down unless somebody joined it since. */
  remove(): Promise<void>;
  update(place: Place): void;
}

/** Whatever the server opens to the pod's address is led to its loopback, where most dev servers listen. */
const inbound = (ip: string) => `
add table ip studio
delete table ip studio
table ip studio {
  chain inbound { type nat hook prerouting priority dstnat; policy accept;
    iifname "eth0" ip daddr ${ip} meta l4proto tcp dnat to 127.0.0.1
  }
}
`;

/** `found`: what an earlier process left. */
export function createPod(first: Place, walls: Walls, found: Docker.ContainerInspectInfo | undefined): Pod {
  const { docker, key, networks, admin } = walls;
  let place = first;
  let left = found;
  let joined: Promise<string> | undefined;
  const name = `tesslate-${key}-${groupOf(place)}-pod`;
  const isOffline = () => place.spec.offline ?? false;

  async function settle({ Id, State }: Docker.ContainerInspectInfo) {
    const container = { id: Id, pid: State.Pid };
    await admin?.container(container, inbound(place.slot.ip));
    await admin?.setGateway(container, isOffline() ? undefined : place.slot.hostIp);
  }
  async function make(): Promise<string> {
    const adopted = left;
    left = undefined;
    if (adopted?.State.Running && (admin || adopted.Config.Labels[label.offline] === String(isOffline()))) {
      await settle(adopted);
      return adopted.Id;
    }
    await docker.getContainer(name).remove({ force: true }).catch(ignoreGone);
    const network = await networks.ensure(place.slot, { isOffline: isOffline() });
    const container = await docker.createContainer({
      name,
      Image: walls.base.id,
      Entrypoint: [],
      Cmd: ["sleep", "infinity"],
      // It hears no signal but the last.
      StopTimeout: 1,
      User: "65534:65534",
      Hostname: place.spec.id.slice(0, 63),
      Labels: labelsOf(walls, place, "pod", { [label.offline]: String(isOffline()) }),
      Healthcheck: { Test: ["NONE"] },
      HostConfig: {
        ...hostConfig(walls, place, {
          NetworkMode: network,
          Mounts: walls.base.isHostPrograms ? [bind({ from: "/usr", to: "/usr", isWritable: false })] : [],
          Sysctls: { "net.ipv4.conf.all.route_localnet": "1" },
          Memory: 32 * 2 ** 20,
          MemorySwap: 32 * 2 ** 20,
          PidsLimit: 8,
          // It is none of the project's: what the project uses is counted without it.
          CgroupParent: "",
        }),
      },
      NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: place.slot.ip } } } },
    });
    try {
      await container.start();
      const made = await container.inspect();
      await settle(made);
      return made.Id;
    } catch (error) {
      await container.remove({ force: true }).catch(ignoreGone);
      throw error;
    }
  }

  const isRunning = async (id: string) => (await docker.getContainer(id).inspect().catch(ignoreGone))?.State.Running === true;

  return {
    async join() {
      // It ends with its engine.
      if (joined && !(await isRunning(await joined.catch(() => "")))) joined = undefined;
      joined ??= make().catch((error: unknown) => {
        joined = undefined;
        throw new RuntimeError("unavailable", `the sandbox's network cannot be set up: ${reasonOf(error)}`, { cause: error });
      });
      const id = await joined;
      return `container:${id}`;
    },
    async remove() {
      await joined?.catch(() => {});
      joined = undefined;
      const ours = left?.Id ?? name;
      left = undefined;
      await docker.getContainer(ours).remove({ force: true }).catch(ignoreGone);
      await networks.remove(place.slot).catch((error: unknown) => {
        // Removing a container takes its end off the network a moment later.
        if (statusOf(error) !== 403) throw error;
        return new Promise((resolve) => setTimeout(resolve, 200)).then(() => networks.remove(place.slot));
      });
    },
    update(next) {
      const wasOffline = isOffline();
      place = next;
      if (wasOffline === isOffline()) return;
      joined = joined?.then(async (id) => {
        await settle(await docker.getContainer(id).inspect());
        return id;
      });
    },
  };
}

import type Docker from "dockerode";
import { RuntimeError } from "../errors.ts";
import type { SandboxLocation } from "../host/process-isolation.ts";
import { ignoreMissing, reasonOf, httpStatusOf } from "./engine.ts";
import { groupOf, hostConfig, label, labelsOf, type DriverContext } from "./container-config.ts";

/** The network namespace of one sandbox, held by an idle container; containers that join it share one loopback. */
export interface Pod {
  /** The network mode for joining; creates the pod when missing. */
  join(): Promise<string>;
  /** Whether there is one. Without it the sandbox's address belongs to nobody, and packets leave this machine. */
  exists(): boolean;
  /** Removes it unless a container has joined since. */
  remove(): Promise<void>;
  update(location: SandboxLocation): void;
}

/** Redirects inbound connections to loopback, where most dev servers listen. */
const inbound = (ip: string) => `
add table ip studio
delete table ip studio
table ip studio {
  chain inbound { type nat hook prerouting priority dstnat; policy accept;
    iifname "eth0" ip daddr ${ip} meta l4proto tcp dnat to 127.0.0.1
  }
}
`;

/** `found`: a container of an earlier process. */
export function createPod(first: SandboxLocation, context: DriverContext, found: Docker.ContainerInspectInfo | undefined): Pod {
  const { docker, key, networks, admin } = context;
  let location = first;
  let left = found;
  let joined: Promise<string> | undefined;
  const name = `tesslate-${key}-${groupOf(location)}-pod`;
  const isOffline = () => location.spec.offline ?? false;

  async function configureNetwork({ Id, State }: Docker.ContainerInspectInfo) {
    const container = { id: Id, pid: State.Pid };
    await admin?.container(container, inbound(location.slot.ip));
    await admin?.setGateway(container, isOffline() ? undefined : location.slot.hostIp);
  }
  async function make(): Promise<string> {
    const adopted = left;
    left = undefined;
    if (adopted?.State.Running && (admin || adopted.Config.Labels[label.offline] === String(isOffline()))) {
      await configureNetwork(adopted);
      return adopted.Id;
    }
    await docker.getContainer(name).remove({ force: true }).catch(ignoreMissing);
    const network = await networks.ensure(location.slot, { isOffline: isOffline() });
    const container = await docker.createContainer({
      name,
      Image: context.base.id,
      Entrypoint: [],
      Cmd: ["sleep", "infinity"],
      // Its init process ignores every signal but SIGKILL.
      StopTimeout: 1,
      User: "65534:65534",
      Hostname: location.spec.id.slice(0, 63),
      Labels: labelsOf(context, location, "pod", { [label.offline]: String(isOffline()) }),
      Healthcheck: { Test: ["NONE"] },
      HostConfig: {
        ...hostConfig(context, location, {
          NetworkMode: network,
          Mounts: context.base.programs === "host" ? [context.mount({ from: "/usr", to: "/usr", isWritable: false })] : [],
          Sysctls: { "net.ipv4.conf.all.route_localnet": "1" },
          Memory: 32 * 2 ** 20,
          MemorySwap: 32 * 2 ** 20,
          PidsLimit: 8,
          // Not part of the project's resource usage.
          CgroupParent: "",
        }),
      },
      NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: location.slot.ip } } } },
    });
    try {
      await container.start();
      const made = await container.inspect();
      await configureNetwork(made);
      return made.Id;
    } catch (error) {
      await container.remove({ force: true }).catch(ignoreMissing);
      throw error;
    }
  }

  const isRunning = async (id: string) => (await docker.getContainer(id).inspect().catch(ignoreMissing))?.State.Running === true;

  return {
    async join() {
      // The pod ends with its engine.
      if (joined && !(await isRunning(await joined.catch(() => "")))) joined = undefined;
      joined ??= make().catch((error: unknown) => {
        joined = undefined;
        throw new RuntimeError("unavailable", `the sandbox's network cannot be set up: ${reasonOf(error)}`, { cause: error });
      });
      const id = await joined;
      return `container:${id}`;
    },
    exists: () => joined !== undefined || left !== undefined,
    async remove() {
      await joined?.catch(() => {});
      joined = undefined;
      const ours = left?.Id ?? name;
      left = undefined;
      await docker.getContainer(ours).remove({ force: true }).catch(ignoreMissing);
      await networks.remove(location.slot).catch((error: unknown) => {
        // A container is disconnected a moment after it is removed.
        if (httpStatusOf(error) !== 403) throw error;
        return new Promise((resolve) => setTimeout(resolve, 200)).then(() => networks.remove(location.slot));
      });
    },
    update(next) {
      const wasOffline = isOffline();
      location = next;
      if (wasOffline === isOffline()) return;
      joined = joined?.then(async (id) => {
        await configureNetwork(await docker.getContainer(id).inspect());
        return id;
      });
    },
  };
}

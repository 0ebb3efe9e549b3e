import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import type { RuntimeLog } from "../log.ts";
import { connectEngine, ignoreGone, statusOf, type EngineOptions } from "./engine.ts";
import { label } from "./container-config.ts";

const dataLabel = "tesslate.data";
const hostLabel = "tesslate.host";

/** Marks what belongs to a data folder of this machine. */
export const ownLabels = (key: string, dir: string): Record<string, string> => ({
  [label.key]: key,
  [dataLabel]: dir,
  [hostLabel]: hostname(),
});

/** Removes everything that belongs to a state folder, whether that is still there or not. */
export async function endContainers(options: EngineOptions, key: string): Promise<void> {
  const { docker } = await connectEngine(options);
  const filters = { label: [`${label.key}=${key}`, `${hostLabel}=${hostname()}`] };
  const containers = await docker.listContainers({ all: true, filters });
  await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true }).catch(ignoreGone)));
  for (const { Id } of await docker.listNetworks({ filters })) await removeNetwork(docker, Id);
}

/** Removing a container takes its end off the network a moment later. */
async function removeNetwork(docker: Docker, id: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await docker.getNetwork(id).remove().catch(ignoreGone);
    } catch (error) {
      if (statusOf(error) !== 403 || attempt > 20) throw error;
      await sleep(100);
    }
  }
}

/**
 * Takes down what nobody will ever ask for again: containers and networks of data folders that were deleted while something
 * of theirs ran, of sandboxes that are gone, and commands of a process before us. `isKnown`: the sandbox is still there.
 */
export async function sweep(docker: Docker, key: string, isKnown: (id: string) => boolean, log: RuntimeLog): Promise<void> {
  const filters = { label: [`${hostLabel}=${hostname()}`] };
  const isOrphan = (labels: Record<string, string> = {}) => {
    const dir = labels[dataLabel];
    if (dir !== undefined && !existsSync(dir)) return true;
    if (labels[label.key] !== key) return false;
    const role = labels[label.role];
    return role === undefined || role === "command" || !isKnown(labels[label.sandbox] ?? "");
  };
  const containers = (await docker.listContainers({ all: true, filters })).filter(({ Labels }) => isOrphan(Labels));
  for (const { Id, Labels } of containers) {
    if (Labels[label.role] !== "command")
      log.info({ container: Id.slice(0, 12), sandbox: Labels[label.sandbox] }, "took down a container without an owner");
    await docker.getContainer(Id).remove({ force: true, v: true }).catch(ignoreGone);
  }
  const networks = (await docker.listNetworks({ filters })).filter(({ Labels }) => {
    const dir = Labels?.[dataLabel];
    return dir !== undefined && !existsSync(dir);
  });
  for (const { Id } of networks)
    await removeNetwork(docker, Id).catch((err: unknown) => log.warn({ err }, "a network without an owner could not be taken down"));
}

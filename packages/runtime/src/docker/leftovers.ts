import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { isInContainer } from "../host/container.ts";
import type { RuntimeLog } from "../log.ts";
import { connectEngine, ignoreMissing, httpStatusOf, type EngineOptions } from "./engine.ts";
import { label } from "./container-config.ts";

const dataLabel = "tesslate.data";
const hostLabel = "tesslate.host";

/** Labels of a data folder of this machine. */
export const ownLabels = (key: string, dir: string): Record<string, string> => ({
  [label.key]: key,
  [dataLabel]: dir,
  [hostLabel]: hostOf(key),
});

/** The machine that a data folder is on. A container sees its own folder only, so nothing of others may look like an orphan to it. */
const hostOf = (key: string): string => (isInContainer() ? `container ${key}` : hostname());

/** Removes everything that belongs to a state folder, whether it still exists or not. */
export async function endContainers(options: EngineOptions, key: string): Promise<void> {
  const { docker } = await connectEngine(options);
  const filters = { label: [`${label.key}=${key}`, `${hostLabel}=${hostOf(key)}`] };
  const containers = await docker.listContainers({ all: true, filters });
  await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true }).catch(ignoreMissing)));
  for (const { Id } of await docker.listNetworks({ filters })) await removeNetwork(docker, Id);
}

/** A container is disconnected a moment after it is removed. */
async function removeNetwork(docker: Docker, id: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await docker.getNetwork(id).remove().catch(ignoreMissing);
    } catch (error) {
      if (httpStatusOf(error) !== 403 || attempt > 20) throw error;
      await sleep(100);
    }
  }
}

/**
 * Removes orphans: containers and networks of deleted data folders and deleted sandboxes, and commands of an earlier process. `isKnown`:
 * the sandbox still exists.
 */
export async function removeOrphans(docker: Docker, key: string, isKnown: (id: string) => boolean, log: RuntimeLog): Promise<void> {
  const filters = { label: [`${hostLabel}=${hostOf(key)}`] };
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
      log.info({ container: Id.slice(0, 12), sandbox: Labels[label.sandbox] }, "removed an orphaned container");
    await docker.getContainer(Id).remove({ force: true, v: true }).catch(ignoreMissing);
  }
  const networks = (await docker.listNetworks({ filters })).filter(({ Labels }) => {
    const dir = Labels?.[dataLabel];
    return dir !== undefined && !existsSync(dir);
  });
  for (const { Id } of networks)
    await removeNetwork(docker, Id).catch((err: unknown) => log.warn({ err }, "an orphaned network could not be removed"));
}

import { existsSync } from "node:fs";
import { hostname } from "node:os";
import type Docker from "dockerode";
import type { RuntimeLog } from "../log.ts";
import { ignoreGone } from "./engine.ts";
import { label } from "./walls.ts";

const dataLabel = "tesslate.data";
const hostLabel = "tesslate.host";

/** Marks what belongs to a data folder of this machine. */
export const ownLabels = (key: string, dir: string): Record<string, string> => ({
  [label.key]: key,
  [dataLabel]: dir,
  [hostLabel]: hostname(),
});

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
    await docker
      .getNetwork(Id)
      .remove()
      .catch((err: unknown) => log.warn({ err }, "a network without an owner could not be taken down"));
}

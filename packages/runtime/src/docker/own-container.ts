import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type Docker from "dockerode";
import { RuntimeError } from "../errors.ts";
import { makeFolder } from "../host/files/modes.ts";
import { ignoreMissing } from "./engine.ts";

/** The container that this server runs in. The engine does not see its paths, only those of its machine and volumes. */
export interface OwnContainer {
  /** Its image: the programs that this server has. */
  image: string;
  /** Mount points with where they come from, as the engine reports them. */
  mounts: readonly OwnMount[];
}

export interface OwnMount {
  type: string;
  /** Path on the engine's machine. */
  source: string;
  /** Path in this container. */
  destination: string;
}

/** Finds it at the engine; `undefined` when this process is not in a container of that engine. Throws `unavailable` when it cannot reach projects. */
export async function findOwnContainer(docker: Docker): Promise<OwnContainer | undefined> {
  for (const id of ownIds()) {
    const info = await docker.getContainer(id).inspect().catch(ignoreMissing);
    if (!info) continue;
    if (info.HostConfig.NetworkMode !== "host")
      throw new RuntimeError(
        "unavailable",
        "the docker driver in a container must share the network of its host, because the server connects to the containers of projects: start it with --network host (docs/operations/docker-image.md)",
      );
    return {
      image: info.Image,
      mounts: info.Mounts.map(({ Type, Source, Destination }) => ({
        type: Type ?? "bind",
        source: Source,
        destination: Destination,
      })),
    };
  }
  return undefined;
}

/** What may be the id of this process's container, the surest first. */
function ownIds(): string[] {
  const read = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : "");
  // The engine mounts its files for this container, such as /etc/hostname, from a folder of that name.
  const mounted = [...read("/proc/self/mountinfo").matchAll(/\/containers\/([0-9a-f]{64})\//g)];
  const grouped = [...read("/proc/self/cgroup").matchAll(/([0-9a-f]{64})/g)];
  const named = /^[0-9a-f]{12}$/.test(hostname()) ? [hostname()] : [];
  return [...new Set([...mounted, ...grouped].map(([, id = ""]) => id).concat(named))];
}

/** Where the engine finds a path of this container, as part of a mount. Throws `unavailable` when it cannot. */
export function sourceOf(path: string, { mounts }: Pick<OwnContainer, "mounts">): Pick<Docker.MountSettings, "Type" | "Source"> {
  const mount = mounts
    .filter(({ destination }) => path === destination || path.startsWith(destination === "/" ? "/" : `${destination}/`))
    .sort((a, b) => b.destination.length - a.destination.length)[0];
  if (mount === undefined || !["bind", "volume"].includes(mount.type))
    throw new RuntimeError(
      "unavailable",
      `the Docker engine cannot mount ${path}, because it is only in the server's container: put DATA_DIR on a volume or a folder of the host`,
    );
  const rest = path.slice(mount.destination.length).replace(/^\//, "");
  // Also for volumes: their folder is there while a container, this one, has it. Engine 26 and newer mount part of a volume by its name,
  // but not a single file of it, which sandboxes need.
  return { Type: "bind", Source: join(mount.source, rest) };
}

/**
 * Copies folders that are only in this container's image into the data folder, where the engine can mount them. Later starts from the same
 * image use the copies again. `mayRemove`: no container uses those of another image.
 */
export function copiesIn(
  dir: string,
  { image, mounts }: Pick<OwnContainer, "image" | "mounts">,
  { mayRemove }: { mayRemove: boolean },
): (folder: string) => Promise<string> {
  const ofImage = shortHash(image);
  if (mayRemove && existsSync(dir)) for (const name of readdirSync(dir)) if (name !== ofImage) rmSync(join(dir, name), { recursive: true });
  return async (folder) => {
    if (mounts.some(({ destination }) => folder === destination || folder.startsWith(`${destination}/`))) return folder;
    const target = join(dir, ofImage, shortHash(folder));
    if (existsSync(target)) return target;
    for (const each of [dir, join(dir, ofImage)]) makeFolder(each, 0o755);
    rmSync(`${target}.new`, { recursive: true, force: true });
    cpSync(folder, `${target}.new`, { recursive: true, verbatimSymlinks: true });
    renameSync(`${target}.new`, target);
    return target;
  };
}

const shortHash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 16);

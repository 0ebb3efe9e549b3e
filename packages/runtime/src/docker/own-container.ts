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
  /** Whether the engine can mount a part of a volume. */
  hasSubpaths: boolean;
}

export interface OwnMount {
  type: string;
  /** Name of the volume. */
  name?: string | undefined;
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
    const { ApiVersion = "1.0" } = await docker.version();
    return {
      image: info.Image,
      mounts: info.Mounts.map(({ Type, Name, Source, Destination }) => ({
        type: Type ?? "bind",
        name: Name,
        source: Source,
        destination: Destination,
      })),
      hasSubpaths: ApiVersion.localeCompare("1.45", "en", { numeric: true }) >= 0,
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
export function sourceOf(
  path: string,
  { mounts, hasSubpaths }: Pick<OwnContainer, "mounts" | "hasSubpaths">,
): Pick<Docker.MountSettings, "Type" | "Source" | "VolumeOptions"> {
  const mount = mounts
    .filter(({ destination }) => path === destination || path.startsWith(destination === "/" ? "/" : `${destination}/`))
    .sort((a, b) => b.destination.length - a.destination.length)[0];
  if (mount === undefined || !["bind", "volume"].includes(mount.type))
    throw new RuntimeError(
      "unavailable",
      `the Docker engine cannot mount ${path}, because it is only in the server's container: put DATA_DIR on a volume or a folder of the host`,
    );
  const rest = path.slice(mount.destination.length).replace(/^\//, "");
  if (mount.type === "volume" && mount.name !== undefined && hasSubpaths)
    return {
      Type: "volume",
      Source: mount.name,
      // The other options are for new volumes.
      VolumeOptions: { NoCopy: true, ...(rest !== "" && { Subpath: rest }) } as Docker.MountSettings["VolumeOptions"],
    };
  // Engines before 26 mount volumes whole. The folder of a volume is mounted while a container, this one, has it.
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

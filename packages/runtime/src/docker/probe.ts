import { randomUUID } from "node:crypto";
import { chownSync, existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { RuntimeError } from "../errors.ts";
import { makeFolder } from "../host/files/modes.ts";
import type { BaseImage } from "./base-image.ts";
import { ignoreMissing, reasonOf } from "./engine.ts";
import type { Mount } from "./mounts.ts";

interface Options {
  docker: Docker;
  base: BaseImage;
  mount: Mount;
  labels: Record<string, string>;
  /** A temporary folder. */
  dir: string;
  user: { uid: number; gid: number };
}

/**
 * Runs one container to check that the engine sees our folders and that projects can own their files. Throws `unavailable` otherwise.
 * Returns whether the engine's processes run on this machine and are visible to us.
 */
export async function probeEngine({ docker, base, mount, labels, dir, user }: Options): Promise<{ isDirect: boolean }> {
  const folder = join(dir, "probe");
  const isRoot = process.getuid?.() === 0;
  rmSync(folder, { recursive: true, force: true });
  makeFolder(folder, 0o700);
  const word = randomUUID();
  writeFileSync(join(folder, "in"), word, { mode: 0o644 });
  if (isRoot) chownSync(folder, user.uid, user.gid);
  let container: Docker.Container | undefined;
  try {
    container = await docker.createContainer({
      Image: base.id,
      Entrypoint: [],
      Cmd: ["/bin/sh", "-c", "cat /probe/in > /probe/out && exec cat"],
      User: `${user.uid}:${user.gid}`,
      Labels: labels,
      OpenStdin: true,
      StdinOnce: true,
      HostConfig: {
        NetworkMode: "none",
        Init: true,
        CapDrop: ["ALL"],
        ReadonlyRootfs: true,
        Mounts: [
          ...(base.programs === "host" ? [mount({ from: "/usr", to: "/usr", isWritable: false })] : []),
          mount({ from: folder, to: "/probe", isWritable: true }),
        ],
      },
    });
    const keepAlive = await container.attach({ stream: true, stdin: true, hijack: true });
    keepAlive.on("error", () => {});
    await container.start();
    const out = join(folder, "out");
    for (let i = 0; i < 100 && !(existsSync(out) && readFileSync(out, "utf8") === word); i++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    const { Id, State } = await container.inspect();
    keepAlive.end();
    if (!existsSync(out))
      throw new RuntimeError(
        "unavailable",
        "the Docker engine does not see this machine's files: it must run on the same machine with the same folders, and a server in a container must be in one of this engine",
      );
    const owner = lstatSync(out).uid;
    const wanted = isRoot ? user.uid : process.getuid?.();
    if (owner !== wanted && user.uid !== 0)
      throw new RuntimeError(
        "unavailable",
        `the Docker engine maps user ids (${user.uid} became ${owner}), so projects could not own their files`,
      );
    return { isDirect: isRoot && readIfThere(`/proc/${State.Pid}/cgroup`).includes(Id) };
  } catch (cause) {
    if (cause instanceof RuntimeError) throw cause;
    throw new RuntimeError("unavailable", `the Docker engine cannot run a container: ${reasonOf(cause)}`, { cause });
  } finally {
    await container?.remove({ force: true }).catch(ignoreMissing);
    rmSync(folder, { recursive: true, force: true });
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

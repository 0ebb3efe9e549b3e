import { spawn } from "node:child_process";
import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { RuntimeError } from "../errors.ts";
import { makeFolder } from "../host/files/modes.ts";
import { ignoreMissing, reasonOf } from "./engine.ts";
import type { OwnContainer } from "./own-container.ts";
import { ensureImage } from "./pull.ts";

/** The root file system of project code, without our own tools. */
export interface BaseImage {
  id: string;
  /**
   * Whose programs it has: `host`: none, those of the engine's machine are mounted read-only; `server`: those of this server's container;
   * `image`: its own, chosen by the operator.
   */
  programs: "host" | "server" | "image";
  /** Variables set by the image. */
  env: Record<string, string>;
  /** Names of its variables that programs must not get: settings of this server. */
  unset: readonly string[];
}

const scratchTag = "tesslate-base:1";
/** Mount points, and `sbin`, where engines put a container's init process. */
const folders = ["app", "dev", "etc", "home", "home/app", "opt", "proc", "run", "sbin", "sys", "tmp", "usr"];
/** Compatibility links: programs and libraries are in `/usr`. */
const links = ["bin", "lib", "lib64"];

/**
 * The configured image, pulled when it is missing. Without one, in a container its own image. Otherwise a generated image of empty folders:
 * programs are mounted from the `/usr` of the engine's machine. Neither needs a registry.
 */
export async function findBaseImage(
  docker: Docker,
  configured: string | undefined,
  { dir, own }: { dir: string; own: OwnContainer | undefined },
): Promise<BaseImage> {
  if (configured !== undefined) {
    const { Id, Config } = await ensureImage(docker, configured, {});
    return { id: Id, programs: "image", env: Object.fromEntries((Config.Env ?? []).map(split)), unset: [] };
  }
  if (own) {
    const { Config } = await docker.getImage(own.image).inspect();
    return { id: own.image, programs: "server", env: {}, unset: (Config.Env ?? []).map((line) => split(line)[0]) };
  }
  const known = await docker.getImage(scratchTag).inspect().catch(ignoreMissing);
  if (!known) await importScratch(docker, dir);
  const { Id } = known ?? (await docker.getImage(scratchTag).inspect());
  return { id: Id, programs: "host", env: {}, unset: [] };
}

async function importScratch(docker: Docker, dir: string): Promise<void> {
  const root = join(dir, "base-image");
  rmSync(root, { recursive: true, force: true });
  makeFolder(root, 0o755);
  // A mount takes the mode of the folder it covers.
  for (const folder of folders) makeFolder(join(root, folder), folder === "tmp" ? 0o1777 : 0o755);
  for (const link of links) symlinkSync(`usr/${link}`, join(root, link));
  const tar = spawn("tar", ["-c", "--owner=0", "--group=0", "-C", root, "."], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    const [repo, tag] = scratchTag.split(":");
    const progress = await docker.importImage(tar.stdout, { repo, tag });
    await new Promise<void>((resolve, reject) =>
      docker.modem.followProgress(progress, (error: Error | null) => (error ? reject(error) : resolve())),
    );
  } catch (cause) {
    throw new RuntimeError("unavailable", `the base image cannot be made: ${reasonOf(cause)}`, { cause });
  } finally {
    tar.kill();
    rmSync(root, { recursive: true, force: true });
  }
}

const split = (line: string): [string, string] => {
  const at = line.indexOf("=");
  return [line.slice(0, at), line.slice(at + 1)];
};

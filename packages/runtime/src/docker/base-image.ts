import { spawn } from "node:child_process";
import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { RuntimeError } from "../errors.ts";
import { makeFolder } from "../host/modes.ts";
import { ignoreGone, reasonOf } from "./engine.ts";
import { ensureImage } from "./pull.ts";

/** What project code runs in, its own tools apart. */
export interface BaseImage {
  id: string;
  /** Ours: empty, with the programs of the engine's machine bound read-only. */
  isHostPrograms: boolean;
  /** Variables the image sets. */
  env: Record<string, string>;
}

const scratchTag = "tesslate-base:1";
/** What is bound over, and `sbin`, where engines put the first process of a container. */
const folders = ["app", "dev", "etc", "home", "home/app", "opt", "proc", "run", "sbin", "sys", "tmp", "usr"];
/** Programs look for programs and libraries here; they are in `/usr`. */
const links = ["bin", "lib", "lib64"];

/**
 * The configured image, fetched when it is missing; without one an image of a few empty folders, made here, so that no
 * registry is needed: programs come from the `/usr` of the engine's machine.
 */
export async function findBaseImage(docker: Docker, configured: string | undefined, dir: string): Promise<BaseImage> {
  if (configured !== undefined) {
    const { Id, Config } = await ensureImage(docker, configured, {});
    return { id: Id, isHostPrograms: false, env: Object.fromEntries((Config.Env ?? []).map(split)) };
  }
  const known = await docker.getImage(scratchTag).inspect().catch(ignoreGone);
  if (!known) await importScratch(docker, dir);
  const { Id } = known ?? (await docker.getImage(scratchTag).inspect());
  return { id: Id, isHostPrograms: true, env: {} };
}

async function importScratch(docker: Docker, dir: string): Promise<void> {
  const root = join(dir, "base-image");
  rmSync(root, { recursive: true, force: true });
  makeFolder(root, 0o755);
  // What is mounted over a folder takes its mode.
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

import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { chmod, mkdir, readFile, realpath, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "./run.ts";

/**
 * A path to the same folder that unprivileged users can traverse.
 *
 * A checkout or data folder below a closed home (`/root` is 0700) cannot be entered by a project's uid. As root the folder
 * is bind-mounted at `/run/tesslate-<hash>/at`; otherwise, or when every parent is open already, the folder's own path is returned.
 * Idempotent across processes: a mount left by a crashed one is used again, and mounts of deleted folders are taken away.
 */
export async function reachable(dir: string, { runDir = "/run" }: { runDir?: string } = {}): Promise<string> {
  const real = await realpath(dir);
  if (process.getuid?.() !== 0 || isOpen(dirname(real))) return real;
  await sweep(runDir);
  const { base, target } = placeOf(real, runDir);
  await mkdir(base, { recursive: true, mode: 0o711 });
  await chmod(base, 0o711);
  await mkdir(target, { recursive: true });
  if (isSame(real, target)) return target;
  await run(["mount", "--bind", real, target]);
  return target;
}

/** Undoes `reachable`; fine when there is nothing to undo. */
export async function releaseReachable(dir: string, { runDir = "/run" }: { runDir?: string } = {}): Promise<void> {
  const { base, target } = placeOf(await realpath(dir).catch(() => dir), runDir);
  for (const point of await mounts()) if (point.target === target) await run(["umount", "-l", target]);
  await rmdir(target).catch(ignoreMissing);
  await rmdir(base).catch(ignoreMissing);
}

function placeOf(real: string, runDir: string) {
  const base = join(runDir, `tesslate-${createHash("sha256").update(real).digest("hex").slice(0, 12)}`);
  return { base, target: join(base, "at") };
}

function isOpen(dir: string): boolean {
  for (let at = dir; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

function isSame(a: string, b: string): boolean {
  const [x, y] = [statSync(a, { bigint: true }), statSync(b, { bigint: true })];
  return x.dev === y.dev && x.ino === y.ino;
}

/** Mount points, with the path each shows inside its file system. */
async function mounts(): Promise<{ root: string; target: string }[]> {
  const table = await readFile("/proc/self/mountinfo", "utf8");
  return table
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split(" "))
    .map((fields) => ({ root: fields[3] ?? "", target: fields[4] ?? "" }));
}

async function sweep(runDir: string): Promise<void> {
  for (const { root, target } of await mounts())
    if (root.endsWith("//deleted") && target.startsWith(join(runDir, "tesslate-")) && target.endsWith("/at")) {
      await run(["umount", "-l", target]);
      await rmdir(target).catch(ignoreMissing);
      await rmdir(dirname(target)).catch(ignoreMissing);
    }
}

const ignoreMissing = (error: NodeJS.ErrnoException) => {
  if (!["ENOENT", "EBUSY", "ENOTEMPTY"].includes(error.code ?? "")) throw error;
};

import { createHash } from "node:crypto";
import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { chmod, mkdir, readFile, realpath, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isProcess, nameOfProcess, withLock } from "./host/files/locks.ts";
import { run } from "./run.ts";

interface Options {
  /** Parent folder of the mounts. Default `/run`. */
  runDir?: string | undefined;
  /** The user of the folder within this process: a mount stays until the last one released it. */
  holder?: string;
}

/**
 * A path to the same folder that unprivileged users can traverse. A checkout or data folder below a closed home (`/root` is 0700) is
 * inaccessible to a project's uid. As root the folder is bind-mounted at `/run/tesslate-<hash>/at`; otherwise, or when every parent is
 * traversable, returns the folder's own path. Idempotent, also across processes: a mount left by a crashed process is reused, one with
 * other holders stays until the last released it, and mounts of deleted folders are removed.
 */
export async function reachable(dir: string, { runDir = "/run", holder = "process" }: Options = {}): Promise<string> {
  const real = await realpath(dir);
  if (process.getuid?.() !== 0 || isOpen(dirname(real))) return real;
  return inTurn(runDir, async () => {
    await removeOrphans(runDir);
    const { base, target, holders } = mountPathsOf(real, runDir);
    await mkdir(base, { recursive: true, mode: 0o711 });
    await chmod(base, 0o711);
    await mkdir(target, { recursive: true });
    await mkdir(holders, { recursive: true, mode: 0o700 });
    if (!isSame(real, target)) await run(["mount", "--bind", real, target]);
    writeFileSync(join(holders, markOf(holder)), "");
    return target;
  });
}

/** The mount point that `reachable` would use for a folder's real path. */
export const reachedPath = (real: string, { runDir = "/run" }: Pick<Options, "runDir"> = {}): string => mountPathsOf(real, runDir).target;

/** Undoes `reachable` for the same holder; does nothing when there is no mount. */
export async function releaseReachable(dir: string, { runDir = "/run", holder = "process" }: Options = {}): Promise<void> {
  const { base, holders } = mountPathsOf(await realpath(dir).catch(() => dir), runDir);
  if (!isFolder(base)) return;
  await inTurn(runDir, async () => {
    rmSync(join(holders, markOf(holder)), { force: true });
    if (!isHeld(holders)) await takeDown(base);
  });
}

/** Mounts of that holder, of any process. Only root makes some, and may look. */
export const heldBy = (holder: string, { runDir = "/run" }: Pick<Options, "runDir"> = {}): string[] =>
  (process.getuid?.() === 0 ? basesIn(runDir) : []).flatMap((base) =>
    marksIn(join(base, "holders")).some(isMarkOf(holder)) ? [join(base, "at")] : [],
  );

/** Undoes every `reachable` of that holder, of any process. */
export async function releaseHolder(holder: string, { runDir = "/run" }: Pick<Options, "runDir"> = {}): Promise<void> {
  if (heldBy(holder, { runDir }).length === 0) return;
  await inTurn(runDir, async () => {
    for (const base of basesIn(runDir)) {
      const holders = join(base, "holders");
      const marks = marksIn(holders).filter(isMarkOf(holder));
      for (const mark of marks) rmSync(join(holders, mark), { force: true });
      if (marks.length > 0 && !isHeld(holders)) await takeDown(base);
    }
  });
}

/** Serializes access to the mounts among processes. */
const inTurn = <T>(runDir: string, work: () => Promise<T>) => withLock(join(runDir, "tesslate-mounts.lock"), work);

function mountPathsOf(real: string, runDir: string) {
  const base = join(runDir, `tesslate-${createHash("sha256").update(real).digest("hex").slice(0, 12)}`);
  return { base, target: join(base, "at"), holders: join(base, "holders") };
}

/** `<pid>-<start time>-<holder>`. */
const markOf = (holder: string) => `${nameOfProcess(process.pid).replace(" ", "-")}-${holder}`;
const isMarkOf = (holder: string) => (mark: string) => mark.endsWith(`-${holder}`);

/** Whether a living process needs the mount. */
function isHeld(holders: string): boolean {
  return marksIn(holders).some((mark) => {
    const [pid = "", started = ""] = mark.split("-");
    return isProcess(`${pid} ${started}`);
  });
}

const marksIn = (holders: string): string[] => (isFolder(holders) ? readdirSync(holders) : []);
const basesIn = (runDir: string): string[] =>
  readdirSync(runDir).flatMap((name) => (/^tesslate-[0-9a-f]{12}$/.test(name) ? [join(runDir, name)] : []));

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
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

/** Removes mounts of deleted folders. */
async function removeOrphans(runDir: string): Promise<void> {
  const isOurs = (target: string) => target.startsWith(join(runDir, "tesslate-")) && target.endsWith("/at");
  for (const { root, target } of await mounts()) if (root.endsWith("//deleted") && isOurs(target)) await takeDown(dirname(target));
}

/** Unmounts all layers and removes the folders. */
async function takeDown(base: string): Promise<void> {
  const target = join(base, "at");
  const count = async () => (await mounts()).filter((point) => point.target === target).length;
  for (let left = await count(); left > 0; left--)
    await run(["umount", "-l", target]).catch(async (error: unknown) => {
      // Something else (an operator, an older version) may have unmounted it.
      if ((await count()) >= left) throw error;
    });
  rmSync(join(base, "holders"), { recursive: true, force: true });
  await rmdir(target).catch(ignoreMissing);
  await rmdir(base).catch(ignoreMissing);
}

const ignoreMissing = (error: NodeJS.ErrnoException) => {
  if (!["ENOENT", "EBUSY", "ENOTEMPTY"].includes(error.code ?? "")) throw error;
};

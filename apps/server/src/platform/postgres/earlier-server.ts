import { existsSync } from "node:fs";
import { readFile, rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { spawnAs, type Owner } from "./os-user.ts";

/**
 * Shuts down the postmaster of a killed process and removes the pid file of a dead one. A postmaster that runs in another container or host
 * is an error, and its pid file stays.
 */
export async function evictPrevious(cluster: string, owner: Owner, log: Logger): Promise<void> {
  const file = join(cluster, "postmaster.pid");
  for (let attempt = 0; attempt < 200; attempt++) {
    const { pid, socketDir } = await readPidFile(file);
    const isOurs = pid !== undefined && (await isPostmaster(pid, cluster));
    if (!isOurs && !(await isLocked(cluster, owner))) {
      if (pid === undefined) return;
      // Earlier versions hold no lock, but accept connections.
      if (socketDir !== undefined && !(await isOfAnotherCluster(file, cluster)) && (await answers(socketDir))) break;
      await rm(file, { force: true });
      return;
    }
    if (attempt === 0) log.warn({ pid }, "an earlier database server is still running; waiting for its end");
    if (isOurs && attempt % 50 === 0) process.kill(pid, "SIGINT");
    // Backends of a killed postmaster exit within a moment; processes outside this namespace cannot be stopped from here.
    if (!isOurs && attempt > 60) break;
    await sleep(50);
  }
  const { pid } = await readPidFile(file);
  throw new Error(
    pid !== undefined && (await isPostmaster(pid, cluster))
      ? `An earlier PostgreSQL (pid ${pid}) on ${cluster} does not stop. Stop it, then start again.`
      : `Another PostgreSQL uses ${cluster}, in another container or on another host. Stop that Tesslate Studio, or set DATA_DIR.`,
  );
}

/** The socket folder of the embedded server running on this data folder, if any. */
export async function findRunningPostgres(dataDir: string): Promise<string | undefined> {
  const { socketDir } = await readPidFile(join(dataDir, "postgres/data/postmaster.pid"));
  return socketDir !== undefined && (await answers(socketDir)) ? socketDir : undefined;
}

/**
 * A file lock held by a postmaster and its backends, which also works across pid namespaces, containers and hosts. Empty
 * where `flock` is missing (outside Linux).
 */
export const lockOf = (cluster: string): string[] =>
  process.platform === "linux" && existsSync(flock)
    ? [flock, "--nonblock", "--conflict-exit-code", "75", "--no-fork", `${cluster}.lock`]
    : [];
const flock = "/usr/bin/flock";

async function isLocked(cluster: string, owner: Owner): Promise<boolean> {
  const [file, ...args] = lockOf(cluster);
  if (file === undefined) return false;
  const child = spawnAs(owner, file, [...args, "/bin/true"]);
  const code = await new Promise<number | null>((resolve, reject) => child.once("error", reject).once("exit", resolve));
  if (code !== 0 && code !== 75)
    throw new Error(`${cluster}.lock cannot be locked (flock exited with ${code}). DATA_DIR must be on a file system with file locks.`);
  return code === 75;
}

/** Whether the pid file was copied with its folder and names a server of the original. */
async function isOfAnotherCluster(file: string, cluster: string): Promise<boolean> {
  const noted = (await readFile(file, "utf8").catch(() => "")).split("\n")[1] ?? "";
  const [here, there] = await Promise.all([cluster, noted].map((dir) => stat(dir, { bigint: true }).catch(() => undefined)));
  return here !== undefined && there !== undefined && (here.ino !== there.ino || here.dev !== there.dev);
}

/** Lines of the pid file: pid, folder, start time, port, socket folder. */
async function readPidFile(file: string): Promise<{ pid?: number; socketDir?: string }> {
  const [pid, , , , socketDir] = (await readFile(file, "utf8").catch(() => "")).split("\n");
  return { ...(Number(pid) > 0 && { pid: Number(pid) }), ...(socketDir && { socketDir }) };
}

/** Guards against pid reuse: checks that the process was started on this folder. */
async function isPostmaster(pid: number, cluster: string): Promise<boolean> {
  if (process.platform !== "linux") return isRunning(pid);
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const command = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
  return /^\d+ \((postgres|setpriv|flock)\) [^Z]/.test(stat) && command.includes(cluster);
}

/** Whether a server listens there, in any namespace. */
const answers = (socketDir: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(join(socketDir, ".s.PGSQL.5432"));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

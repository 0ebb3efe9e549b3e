import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { evictPrevious, lockOf } from "./earlier-server.ts";
import { findOwner, finishInitdb, spawnAs, type Owner } from "./os-user.ts";
import { findPostgresPrograms, packageName } from "./programs.ts";

/** A running embedded PostgreSQL. Connect through `socketDir` as user and database `tesslate`. */
export interface EmbeddedPostgres {
  socketDir: string;
  /** Fast shutdown; resolves when the server has exited. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
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
export async function startEmbeddedPostgres({
  dataDir,
  reach,
  release,
  log,
  settings = {},
}: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
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
    await finishInitdb(
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

/** The package's binaries, with library links in place (its install script may not have run) and readable by `uid`. */
async function findBinaries(uid: number, reach: EmbeddedPostgresOptions["reach"]): Promise<string> {
  const native = await findPostgresPrograms();
  if (native === undefined)
    throw new Error(`No embedded PostgreSQL for this platform (${packageName}). Set DATABASE_URL to a PostgreSQL server.`);
  return uid === process.getuid?.() ? native : reach(native);
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

import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describeHolder, findLockHolder, isRunningHere, thisProcess, type Holder } from "@tesslate/runtime";
import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import { dataDirLock } from "./data-folder-lock.ts";

/** A server exits after this time, even if something does not close. */
export const shutdownLimitMs = 20_000;

const recordSchema = Type.Object({
  pid: Type.Integer({ minimum: 1 }),
  /** In kernel ticks: distinguishes the process from a later one with the same pid. */
  process_started: Type.String(),
  boot_id: Type.String(),
  host: Type.String(),
  /** Device and inode of the data folder: a copy of the folder is not the server's. */
  folder: Type.String(),
  address: Type.String(),
  version: Type.String(),
  started_at: Type.String(),
  /** How long projects keep running without a server; null: until the next start. */
  orphaned_stop_minutes: Type.Union([Type.Number(), Type.Null()]),
  /** Other servers take over its projects. */
  is_one_of_several: Type.Optional(Type.Boolean()),
  /** It exits after this time, even if something does not close. Absent: `shutdownLimitMs`. */
  shutdown_limit_ms: Type.Optional(Type.Integer({ minimum: 1 })),
});
/** What a server records of itself in `DATA_DIR/server.json` while it runs. */
export type ServerRecord = Static<typeof recordSchema>;

const fileOf = (dataDir: string) => join(dataDir, "server.json");
const runnerFileOf = (dataDir: string) => join(dataDir, "runner.json");

/** Records this process as the server of the data folder. Written atomically, for the user of the server only. */
export async function recordServer(
  dataDir: string,
  server: Pick<ServerRecord, "address" | "version" | "orphaned_stop_minutes" | "is_one_of_several" | "shutdown_limit_ms">,
): Promise<void> {
  await writeRecord(fileOf(dataDir), dataDir, server);
}

/** Records this process as the runner of the data folder. The record stays when it ends: it says whose folder it is. */
export async function recordRunner(
  dataDir: string,
  runner: Pick<ServerRecord, "address" | "version" | "orphaned_stop_minutes">,
): Promise<void> {
  await writeRecord(runnerFileOf(dataDir), dataDir, runner);
}

async function writeRecord(
  path: string,
  dataDir: string,
  server: Omit<ServerRecord, "pid" | "process_started" | "boot_id" | "host" | "folder" | "started_at">,
): Promise<void> {
  const { pid, started, bootId, host } = thisProcess();
  const record: ServerRecord = {
    pid,
    process_started: started,
    boot_id: bootId,
    host,
    folder: (await folderId(dataDir)) ?? "",
    ...server,
    started_at: new Date().toISOString(),
  };
  const aside = `${path}.new`;
  await rm(aside, { force: true });
  // Only the holder of the data folder writes it.
  const file = await open(aside, "wx", 0o600);
  try {
    await file.writeFile(`${JSON.stringify(record)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(aside, path);
}

/** Removes the record of this server, or of one that was killed. Only for the holder of the data folder. */
export async function removeServerRecord(dataDir: string): Promise<void> {
  await rm(fileOf(dataDir), { force: true });
  await rm(`${fileOf(dataDir)}.new`, { force: true });
}

/** What uses a data folder. */
export type ServerState =
  /** `isReachable`: it can be signalled from here. */
  | { state: "running"; server: ServerRecord; isReachable: boolean }
  /** A server that is starting, or another command that needs the folder for itself. */
  | { state: "busy"; holder: Holder | undefined }
  /** `last`: the server that ended without closing. */
  | { state: "stopped"; last: ServerRecord | undefined };

/** Finds the server of the data folder. Changes nothing. */
export async function findServer(dataDir: string): Promise<ServerState> {
  const folder = await folderId(dataDir);
  if (folder === undefined) return { state: "stopped", last: undefined };
  const found = await readRecord(fileOf(dataDir));
  const record = found?.folder === folder ? found : undefined;
  if (record && isRunningHere(processOf(record))) return { state: "running", server: record, isReachable: true };
  const { isHeld, holder } = findLockHolder(dataDirLock(dataDir));
  if (!isHeld) return { state: "stopped", last: record };
  // It holds the folder and is not visible: in another container, or on another host.
  if (record && record.pid === holder?.pid && record.process_started === holder.started && record.boot_id === holder.bootId)
    return { state: "running", server: record, isReachable: false };
  return { state: "busy", holder };
}

/** The last runner of the data folder, and whether it runs here. `undefined`: it was never a runner's. */
export async function findRunner(dataDir: string): Promise<{ runner: ServerRecord; isRunning: boolean } | undefined> {
  const record = await readRecord(runnerFileOf(dataDir));
  if (!record || record.folder !== (await folderId(dataDir))) return undefined;
  return { runner: record, isRunning: isRunningHere(processOf(record)) };
}

export interface StoppedServer {
  server: ServerRecord;
  /** It ended in order: not at its time limit, and not by another signal. */
  isClosed: boolean;
  durationMs: number;
}

/**
 * Asks the server of the data folder to shut down and waits until its process has ended. `undefined`: no server is running. Throws when it
 * cannot be stopped from here, or does not end.
 */
export async function stopServer(
  dataDir: string,
  { onStopping = () => undefined, limitMs: givenLimitMs }: { onStopping?: (server: ServerRecord) => void; limitMs?: number } = {},
): Promise<StoppedServer | undefined> {
  const found = await findServer(dataDir);
  if (found.state === "stopped") return undefined;
  if (found.state === "busy") {
    const holder = found.holder ? describeHolder(found.holder) : "another process";
    throw new Error(`${dataDir} is in use by ${holder}: a server that is starting, or another command. Wait until it is done, and retry.`);
  }
  const { server } = found;
  if (!found.isReachable)
    throw new Error(
      `The server runs on ${server.host} (pid ${server.pid} there), in another container or on another machine. Stop it there.`,
    );
  const limitMs = givenLimitMs ?? (server.shutdown_limit_ms ?? shutdownLimitMs) + 5000;
  const started = performance.now();
  signal(server);
  onStopping(server);
  while (isRunningHere(processOf(server))) {
    if (performance.now() - started > limitMs)
      throw new Error(
        `The server (pid ${server.pid}) has not ended after ${Math.round(limitMs / 1000)} seconds. Its log may say why. End it with: kill -9 ${server.pid}`,
      );
    await sleep(50);
  }
  const left = await readRecord(fileOf(dataDir));
  const isLeft = left?.pid === server.pid && left.process_started === server.process_started;
  return { server, isClosed: !isLeft, durationMs: performance.now() - started };
}

function signal({ pid }: ServerRecord): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EPERM")
      throw new Error(`The server (pid ${pid}) belongs to another user. Run this command as that user, or as root.`, { cause: error });
    // It has already ended.
    if (code !== "ESRCH") throw error;
  }
}

const processOf = ({ pid, process_started, boot_id, host }: ServerRecord): Holder => ({
  pid,
  started: process_started,
  bootId: boot_id,
  host,
});

async function readRecord(path: string): Promise<ServerRecord | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw new Error(`${path} cannot be read (${error.code}). Run this command as the user of the server, or as root.`, {
      cause: error,
    });
  });
  try {
    const record: unknown = JSON.parse(text);
    return Value.Check(recordSchema, record) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** `undefined`: there is no such folder. */
async function folderId(dataDir: string): Promise<string | undefined> {
  const found = await stat(dataDir, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return found && `${found.dev}:${found.ino}`;
}

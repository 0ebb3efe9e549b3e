import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { temporaryFolder } from "../testing/temporary.ts";
import { holdDataDir } from "./data-folder-lock.ts";
import { findRunner, findServer, recordRunner, recordServer, removeServerRecord, stopServer } from "./running-server.ts";

const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null && child.signalCode === null) await kill(child);
});
const kill = async (child: ChildProcess) => {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
};

/** A process that holds and records a data folder as the server does; `onTerm` is what it does on SIGTERM. */
async function startProcess(dataDir: string, onTerm: string) {
  const here = (file: string) => JSON.stringify(join(import.meta.dirname, file));
  const child = spawn(
    process.execPath,
    [
      "--input-type=module",
      "--eval",
      `import { holdDataDir } from ${here("data-folder-lock.ts")};
      import { recordServer, removeServerRecord } from ${here("running-server.ts")};
      const [dataDir] = process.argv.slice(1);
      const release = await holdDataDir(dataDir);
      const close = () => removeServerRecord(dataDir).then(release);
      setInterval(() => undefined, 60_000);
      process.on("SIGTERM", () => { ${onTerm} });
      await recordServer(dataDir, { address: "http://localhost:8000", version: "1.2.3", orphaned_stop_minutes: 15 });
      console.log("ready");`,
      dataDir,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  children.push(child);
  await once(child.stdout, "data");
  return child;
}

test("the server of a folder is found while it runs, in this folder only, and stopped", async () => {
  const dataDir = temporaryFolder("data");
  expect(await findServer(dataDir)).toEqual({ state: "stopped", last: undefined });
  expect(await findServer(join(dataDir, "missing"))).toEqual({ state: "stopped", last: undefined });
  const child = await startProcess(dataDir, "globalThis.closing ??= close().then(() => setTimeout(() => process.exit(0), 200))");
  const server = { pid: child.pid, address: "http://localhost:8000", version: "1.2.3", orphaned_stop_minutes: 15 };
  expect(await findServer(dataDir)).toMatchObject({ state: "running", isReachable: true, server });
  expect(statSync(join(dataDir, "server.json")).mode & 0o777).toBe(0o600);

  // The record in a copy names the running server of the original.
  const copy = temporaryFolder("copy");
  cpSync(dataDir, copy, { recursive: true });
  expect(readFileSync(join(copy, "server.json"), "utf8")).toContain(`"pid":${child.pid},`);
  expect(await findServer(copy)).toEqual({ state: "stopped", last: undefined });
  expect(await stopServer(copy)).toBeUndefined();

  // Two at once: the second one waits, too.
  const announced: unknown[] = [];
  const both = await Promise.all([stopServer(dataDir, { onStopping: (found) => announced.push(found.pid) }), stopServer(dataDir)]);
  for (const stopped of both) expect(stopped).toMatchObject({ isClosed: true, server });
  expect(announced).toEqual([child.pid]);
  expect(both[0]?.durationMs).toBeGreaterThan(150);
  expect(await stopServer(dataDir)).toBeUndefined();
});

test("a killed server is not running, and its record is no longer trusted", async () => {
  const dataDir = temporaryFolder("data");
  const child = await startProcess(dataDir, "process.exit(1)");
  await kill(child);
  expect(await findServer(dataDir)).toMatchObject({ state: "stopped", last: { pid: child.pid, version: "1.2.3" } });
  expect(await stopServer(dataDir)).toBeUndefined();
  // A later process with its pid, the same process ticks after a restart of the machine, and a damaged record.
  await recordServer(dataDir, { address: "http://localhost:8000", version: "1.2.3", orphaned_stop_minutes: null });
  const file = join(dataDir, "server.json");
  const record = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  expect(await findServer(dataDir)).toMatchObject({ state: "running", server: { pid: process.pid } });
  for (const changed of [{ process_started: "1" }, { boot_id: "another" }]) {
    writeFileSync(file, JSON.stringify({ ...record, ...changed }));
    expect(await findServer(dataDir)).toMatchObject({ state: "stopped", last: changed });
  }
  for (const text of ["", "{", JSON.stringify({ ...record, pid: -1 }), JSON.stringify({ ...record, pid: 0 })]) {
    writeFileSync(file, text);
    expect(await findServer(dataDir)).toEqual({ state: "stopped", last: undefined });
    expect(await stopServer(dataDir)).toBeUndefined();
  }
});

test("a folder that another command uses, and a server that is not visible, are not stopped", async () => {
  const dataDir = temporaryFolder("data");
  const release = await holdDataDir(dataDir);
  expect(await findServer(dataDir)).toMatchObject({ state: "busy", holder: { pid: process.pid } });
  await expect(stopServer(dataDir)).rejects.toThrow(`is in use by process ${process.pid}`);
  // As the server of another container: it holds the folder, and no process here is the recorded one.
  await recordServer(dataDir, { address: "http://localhost:8000", version: "1.2.3", orphaned_stop_minutes: null });
  for (const name of ["server.json", "studio.pid"]) {
    const text = readFileSync(join(dataDir, name), "utf8");
    writeFileSync(join(dataDir, name), text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, "another-boot"));
  }
  expect(await findServer(dataDir)).toMatchObject({ state: "running", isReachable: false });
  await expect(stopServer(dataDir)).rejects.toThrow("Stop it there");
  await removeServerRecord(dataDir);
  await release();
  expect(await findServer(dataDir)).toEqual({ state: "stopped", last: undefined });
});

test("the folder of a runner is known as such, also after the runner has ended, but not its copy", async () => {
  const dataDir = temporaryFolder("data");
  expect(await findRunner(dataDir)).toBeUndefined();
  await recordRunner(dataDir, { address: "https://10.0.0.4:7070", version: "1.2.3", orphaned_stop_minutes: null });
  expect(await findRunner(dataDir)).toMatchObject({ isRunning: true, runner: { pid: process.pid, address: "https://10.0.0.4:7070" } });
  expect(await findServer(dataDir)).toEqual({ state: "stopped", last: undefined });
  const file = join(dataDir, "runner.json");
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), process_started: "1" }));
  expect(await findRunner(dataDir)).toMatchObject({ isRunning: false });
  const copy = temporaryFolder("copy");
  cpSync(dataDir, copy, { recursive: true });
  expect(await findRunner(copy)).toBeUndefined();
});

test("a server that does not end is named, and one that ends before everything is closed is told apart", async () => {
  const dataDir = temporaryFolder("data");
  const child = await startProcess(dataDir, "if (globalThis.wasAsked) process.exit(1); globalThis.wasAsked = true");
  await expect(stopServer(dataDir, { limitMs: 100 })).rejects.toThrow(`kill -9 ${child.pid}`);
  expect(await stopServer(dataDir)).toMatchObject({ isClosed: false });
});

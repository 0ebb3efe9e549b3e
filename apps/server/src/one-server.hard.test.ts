import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";
import { freePort } from "@tesslate/testkit";
import { onServer, testConnection } from "./testing/postgres.ts";
import { temporaryFolder } from "./testing/temporary.ts";

/** Real servers on one database, each a separate process with its own data folder. */
let database: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  const { server, template, prefix } = inject("postgres");
  database = `${prefix}_${randomBytes(5).toString("hex")}`;
  await onServer(server, (client) => client.query(`create database ${database} template ${template} strategy file_copy`));
});
afterEach(async () => {
  for (const child of children.splice(0)) await end(child);
  await onServer(inject("postgres").server, (client) =>
    client.query(`drop database if exists ${pg.escapeIdentifier(database)} with (force)`),
  );
});
const end = async (child: ChildProcess, signal: NodeJS.Signals = "SIGKILL") => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const stopped = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await stopped;
};
const addressOf = (): string => {
  const { server } = inject("postgres");
  if ("url" in server) return Object.assign(new URL(server.url), { pathname: `/${database}` }).href;
  return `postgres://tesslate@${encodeURIComponent(server.socketDir)}/${database}`;
};

/** Resolves when it listens, or with its exit code and its output. */
async function start(env: Record<string, string> = {}, dataDir = temporaryFolder("data")) {
  const port = await freePort();
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts")], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"] ?? "",
      PORT: String(port),
      DATA_DIR: dataDir,
      DATABASE_URL: addressOf(),
      SECRET_KEY: "a secret key of these tests with 32 characters",
      LOG_LEVEL: "silent",
      ...env,
    },
  });
  children.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const ready = vi.waitFor(
    async () => {
      if (!(await fetch(`http://localhost:${port}/ready`)).ok) throw new Error("not ready");
    },
    { timeout: 60_000, interval: 100 },
  );
  ready.catch(() => undefined);
  const code = await Promise.race([ready.then(() => undefined), exited]);
  return { child, code, port, dataDir, output: () => output, exited };
}

test("a second server on the same database is refused with one sentence until the first has ended; the first reconnects after its connections broke", async () => {
  const first = await start();
  expect(first.code, first.output()).toBeUndefined();
  const second = await start();
  expect(second.code).toBe(1);
  expect(second.output()).toMatch(
    new RegExp(
      `^Another Tesslate Studio \\(pid ${first.child.pid} on .+\\) uses this database, and only one server may\\. Stop that server, set DATABASE_URL to another database, or set SERVER_ADDRESS on all servers if they belong to one installation\\.\\n$`,
    ),
  );
  // As after a database restart: all connections are lost, and the server claims the database again.
  await onServer(inject("postgres").server, (client) =>
    client.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [database]),
  );
  await vi.waitFor(async () => expect((await fetch(`http://localhost:${first.port}/ready`)).ok).toBe(true), 10_000);
  const third = await start();
  expect(third.code).toBe(1);
  expect(first.child.exitCode).toBeNull();
  // A killed server holds no claim; the next one starts.
  await end(first.child);
  expect((await start({}, first.dataDir)).code).toBeUndefined();
}, 180_000);

test("keys that do not match the database are refused by name, and accepted as a change if the former one is configured", async () => {
  const first = await start();
  expect(first.code, first.output()).toBeUndefined();
  await end(first.child);
  const other = { SECRET_KEY: "another key of these tests as long as the first one" };
  const refused = await start(other, first.dataDir);
  expect(refused.code).toBe(1);
  expect(refused.output()).toMatch(/^SECRET_KEY does not match this database\. Set it to the previous value .*rotate-keys\.\n$/);
  // Without a configured key a new one would be created.
  const unset = await start({ SECRET_KEY: "" });
  expect(unset.code).toBe(1);
  expect(unset.output()).toContain("SECRET_KEY does not match this database");
  const former = { DEPLOYMENT_ENCRYPTION_KEYS_FORMER: "a secret key of these tests with 32 characters" };
  const changed = await start({ ...other, ...former }, first.dataDir);
  expect(changed.code, changed.output()).toBeUndefined();
  await end(changed.child);
  // Data encrypted with the former key has not been reencrypted yet.
  const early = await start(other, first.dataDir);
  expect(early.code).toBe(1);
  expect(early.output()).toContain("DEPLOYMENT_ENCRYPTION_KEY does not match this database");
}, 180_000);

test("an added encryption key is recorded: without it, or with a third one, the server refuses to start", async () => {
  const first = await start();
  expect(first.code, first.output()).toBeUndefined();
  await end(first.child);
  const added = { DEPLOYMENT_ENCRYPTION_KEY: "an added encryption key of these tests" };
  const second = await start(added, first.dataDir);
  expect(second.code, second.output()).toBeUndefined();
  await end(second.child);
  for (const key of ["", "a third encryption key of these tests"]) {
    const refused = await start({ DEPLOYMENT_ENCRYPTION_KEY: key }, first.dataDir);
    expect(refused.code).toBe(1);
    expect(refused.output()).toContain("DEPLOYMENT_ENCRYPTION_KEY does not match this database");
  }
  const again = await start(added, first.dataDir);
  expect(again.code, again.output()).toBeUndefined();
}, 180_000);

test("a server that is refused has not migrated the database", async () => {
  const first = await start();
  expect(first.code, first.output()).toBeUndefined();
  const onDatabase = async (sql: string) => {
    const client = new pg.Client(testConnection(inject("postgres").server, database));
    await client.connect();
    return client.query<{ name: string }>(sql).finally(() => client.end());
  };
  const newest = "select name from drizzle.__drizzle_migrations order by name desc limit 1";
  const { rows } = await onDatabase(newest);
  // As if the running server were older: to the second one, the newest migration is pending.
  await onDatabase(`delete from drizzle.__drizzle_migrations where name = '${rows[0]?.name}'`);
  for (const SECRET_KEY of ["a secret key of these tests with 32 characters", "another key of these tests as long as the first one"]) {
    const second = await start({ SECRET_KEY, LOG_LEVEL: "info" });
    expect(second.code).toBe(1);
    expect(second.output()).toMatch(/Another Tesslate Studio/);
    expect(second.output()).not.toContain("migrat");
  }
  await end(first.child);
  const third = await start({ SECRET_KEY: "another key of these tests as long as the first one", LOG_LEVEL: "info" });
  expect(third.code).toBe(1);
  expect(third.output()).toContain("SECRET_KEY does not match this database");
  expect((await onDatabase(newest)).rows).not.toEqual(rows);
}, 180_000);

test("an embedded database cannot be used by a second server, and its key file is not replaced", async () => {
  const embedded = { DATABASE_URL: "", SECRET_KEY: "" };
  const first = await start(embedded);
  expect(first.code, first.output()).toBeUndefined();
  const keyFile = join(first.dataDir, "secret.key");
  const key = await readFile(keyFile, "utf8");
  const socket = join(first.dataDir, "postgres/run");
  const url = `postgres://tesslate@localhost/tesslate?host=${encodeURIComponent(socket)}`;
  const second = await start({ DATABASE_URL: url, SECRET_KEY: key });
  expect(second.code).toBe(1);
  expect(second.output()).toContain("Another Tesslate Studio");
  await end(first.child, "SIGTERM");
  await rm(keyFile);
  const third = await start(embedded, first.dataDir);
  expect(third.code).toBe(1);
  expect(third.output()).toContain(`${keyFile} is missing`);
  expect(existsSync(keyFile)).toBe(false);
}, 180_000);

test("./studio status and ./studio stop: a running server, a stopped one, a killed one, and one that stops twice", async () => {
  const env = { DATABASE_URL: "", TEMPLATE_PREPARATION: "0", BROWSER_DOWNLOAD: "0" };
  const { dataDir, child, port, ...first } = await start(env);
  expect(first.code, first.output()).toBeUndefined();
  // It is written when the server listens, so it can be ready a moment earlier.
  const recorded = () => expect.poll(() => existsSync(join(dataDir, "server.json"))).toBe(true);
  await recorded();
  const studio = async (name: "status" | "stop", ...args: string[]) =>
    promisify(execFile)(process.execPath, [join(import.meta.dirname, `../../../scripts/${name}.ts`), ...args], {
      // A wrong setting does not keep the commands from working.
      env: { PATH: process.env["PATH"] ?? "", DATA_DIR: dataDir, PORT: "none" },
    }).then(
      ({ stdout }) => ({ code: 0, stdout, stderr: "" }),
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
    );
  const json = async () => JSON.parse((await studio("status", "--json")).stdout) as Record<string, unknown>;

  const running = await studio("status");
  expect(running).toMatchObject({ code: 0 });
  expect(running.stdout).toMatch(/^Tesslate Studio is running\.\n/);
  for (const part of [`http://localhost:${port}`, `${child.pid}`, dataDir, "UTC (0 min)", "MiB, "]) expect(running.stdout).toContain(part);
  const found = await json();
  expect(found).toMatchObject({ state: "running", pid: child.pid, address: `http://localhost:${port}`, data_dir: dataDir });
  expect(found["size_bytes"]).toBeGreaterThan(2 ** 20);
  expect(await studio("status", "--data-dir", temporaryFolder("other"))).toMatchObject({ code: 3 });
  expect(await studio("status", "--wrong")).toMatchObject({ code: 2, stderr: expect.stringContaining("usage: ./studio status") });

  const both = await Promise.all([studio("stop"), studio("stop")]);
  for (const stopped of both) {
    expect(stopped).toMatchObject({ code: 0, stderr: "" });
    expect(stopped.stdout).toMatch(new RegExp(`\\(pid ${child.pid}\\) …\n(?:Still .*\n)*Stopped after [\\d.]+ s\\. .* for 15 minutes`));
  }
  expect(await first.exited).toBe(0);
  expect(existsSync(join(dataDir, "server.json"))).toBe(false);
  expect(existsSync(join(dataDir, "postgres/data/postmaster.pid"))).toBe(false);
  const none = { code: 0, stdout: `No server is running. Data folder: ${dataDir}\n`, stderr: "" };
  expect(await studio("stop")).toEqual(none);
  expect(await studio("status")).toMatchObject({ code: 3, stdout: expect.stringMatching(/^Tesslate Studio is not running\.\n/) });
  expect(await json()).toMatchObject({ state: "stopped", pid: null, address: null, version: null });

  const second = await start(env, dataDir);
  expect(second.code, second.output()).toBeUndefined();
  await recorded();
  await end(second.child);
  const killed = await studio("status");
  expect(killed.code).toBe(3);
  expect(killed.stdout).toContain(`ended without closing (pid ${second.child.pid}, `);
  expect(await studio("stop")).toEqual(none);
  // The next server replaces the record.
  const third = await start({ ...env, ORPHANED_STOP_MINUTES: "0" }, dataDir);
  expect(third.code, third.output()).toBeUndefined();
  await recorded();
  expect(await json()).toMatchObject({ state: "running", pid: third.child.pid });
  expect((await studio("stop")).stdout).toContain("continue until the next start.");
  expect(await third.exited).toBe(0);
}, 180_000);

test("a certificate file that cannot be read is a configuration error", async () => {
  const server = await start({ OUTBOUND_CA_FILE: "/nowhere/ca.pem" });
  expect(server.code).toBe(78);
  expect(server.output()).toContain("OUTBOUND_CA_FILE cannot be read: ENOENT");
}, 60_000);

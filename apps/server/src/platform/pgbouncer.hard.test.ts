import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { delimiter, join } from "node:path";
import { freePort } from "@tesslate/testkit";
import { describe, expect, inject, test, vi } from "vitest";
import { testConnection } from "../testing/postgres.ts";
import { refuseTransactionPooling } from "./database.ts";

const program = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"]
  .map((folder) => join(folder, "pgbouncer"))
  .find((path) => existsSync(path));

/** PgBouncer in front of the database of the tests. */
async function startPgbouncer(mode: string, poolSize: number): Promise<{ port: number; child: ChildProcess; folder: string }> {
  // It refuses to run as root, so another user must be able to read it.
  const folder = await mkdtemp("/tmp/studio-pgbouncer-");
  const { host, connectionString } = testConnection(inject("postgres").server, "postgres");
  const url = connectionString === undefined ? undefined : new URL(connectionString);
  const server = url
    ? `host=${url.hostname} port=${url.port || 5432} user=${url.username} password=${url.password}`
    : `host=${host} user=tesslate`;
  const port = await freePort();
  const lines = [
    "[databases]",
    `postgres = ${server}`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = any",
    `pool_mode = ${mode}`,
    `default_pool_size = ${poolSize}`,
  ];
  const file = join(folder, "pgbouncer.ini");
  await writeFile(file, lines.join("\n"));
  chmodSync(folder, 0o755);
  // The database's user may open its socket.
  const { uid, gid } = host === undefined || url ? { uid: 65_534, gid: 65_534 } : statSync(host);
  const child = spawn(program ?? "", [file], { stdio: "ignore", ...(process.getuid?.() === 0 && { uid, gid }) });
  await vi.waitFor(async () => {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect").finally(() => socket.destroy());
  }, 10_000);
  return { port, child, folder };
}

describe.skipIf(program === undefined)("PgBouncer (needs pgbouncer)", () => {
  test.each([
    ["session", 20, undefined],
    ["transaction", 20, /pool_mode=session/],
    ["transaction", 1, /pool_mode=session/],
    ["statement", 20, /pool_mode=session/],
  ])("in %s mode with %i connections", async (mode, poolSize, refusal) => {
    const { port, child, folder } = await startPgbouncer(mode, poolSize);
    try {
      const checked = refuseTransactionPooling({ connection: { connectionString: `postgres://tesslate@127.0.0.1:${port}/postgres` } });
      if (refusal) await expect(checked).rejects.toThrow(refusal);
      else await expect(checked).resolves.toBeUndefined();
    } finally {
      child.kill("SIGKILL");
      await rm(folder, { recursive: true });
    }
  });
});

test("a direct connection is not refused", async () => {
  await refuseTransactionPooling({ connection: testConnection(inject("postgres").server, "postgres") });
});

import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { once } from "node:events";
import { freePort } from "@tesslate/testkit";
import pg from "pg";
import { expect, inject, test } from "vitest";
import { compose } from "../compose.ts";
import { readConfig } from "../config.ts";
import { createLogger } from "../platform/logger.ts";
import { testConnection, onServer } from "../testing/postgres.ts";
import { noRuntime } from "../testing/runtime.ts";
import { temporaryFolder } from "../testing/temporary.ts";
import { reservePort } from "./reserved-port.ts";

test("a start on a taken port names PORT and does not change the database", async () => {
  const { server, prefix } = inject("postgres");
  const database = `${prefix}_${randomBytes(5).toString("hex")}`;
  await onServer(server, (client) => client.query(`create database ${database}`));
  const port = await freePort();
  const other = createServer().listen(port, "127.0.0.1");
  await once(other, "listening");
  const { host, connectionString } = testConnection(server, database);
  const start = compose(readConfig({ PORT: String(port), DATA_DIR: temporaryFolder("data") }), {
    runtime: noRuntime(),
    log: createLogger("silent"),
    database: connectionString === undefined ? { socketDir: host ?? "", database } : { url: connectionString },
  });
  await expect(start).rejects.toThrow(`PORT ${port} is already in use on 127.0.0.1. Stop the program that uses it, or set PORT`);
  other.close();
  const client = new pg.Client(testConnection(server, database));
  await client.connect();
  const { rows } = await client.query("select count(*)::int as tables from information_schema.tables where table_schema = 'public'");
  await client.end();
  expect(rows).toEqual([{ tables: 0 }]);
  await onServer(server, (admin) => admin.query(`drop database ${database} with (force)`));
});

test("requests during the start get 503, and the port is free right after release", async () => {
  const port = await freePort();
  const reserved = await reservePort({ port, host: "127.0.0.1" });
  const early = await fetch(`http://127.0.0.1:${port}/ready`);
  expect(early.status).toBe(503);
  expect(early.headers.get("retry-after")).toBe("2");
  expect(await early.json()).toMatchObject({ code: "unavailable", detail: expect.stringContaining("starting") });
  const page = await fetch(`http://127.0.0.1:${port}/`, { headers: { accept: "text/html,*/*;q=0.8" } });
  expect([page.status, page.headers.get("content-type")]).toEqual([503, "text/html; charset=utf-8"]);
  expect(await page.text()).toMatch(/http-equiv="refresh".*The server is starting/s);
  await expect(reservePort({ port, host: "127.0.0.1" })).rejects.toThrow(/PORT/);
  await expect(reservePort({ port, host: "192.0.2.1" })).rejects.toThrow(/HOST 192\.0\.2\.1 is not an address of this machine/);
  await reserved.release();
  const own = createServer().listen(port, "127.0.0.1");
  await once(own, "listening");
  own.close();
});

import { connect, createServer, type Server } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "@tesslate/testkit";
import { afterEach, expect, inject, test } from "vitest";
import { awaitDatabase, connectDatabase } from "./database.ts";
import { createLogger } from "./logger.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const open = (port: number, name = "postgres") => {
  let lines = "";
  const output = new Writable({ write: (chunk, _encoding, done) => ((lines += String(chunk)), done()) });
  const log = createLogger("info", output);
  const { server } = inject("postgres");
  const user = "socketDir" in server ? "tesslate" : new URL(server.url).username;
  const password = "socketDir" in server ? "hidden" : new URL(server.url).password;
  const database = connectDatabase({ url: `postgres://${user}:${password}@127.0.0.1:${port}/${name}` }, log);
  closers.push(() => database.close());
  return { wait: (patienceMs: number) => awaitDatabase(database, `127.0.0.1:${port}/${name}`, log, patienceMs), lines: () => lines };
};
/** The test database, through a port. */
const listen = async (port: number): Promise<Server> => {
  const { server } = inject("postgres");
  const relay = createServer((client) => {
    const there =
      "socketDir" in server
        ? connect(join(server.socketDir, ".s.PGSQL.5432"))
        : connect(Number(new URL(server.url).port), new URL(server.url).hostname);
    for (const socket of [client, there]) socket.on("error", () => socket.destroy());
    client.pipe(there).pipe(client);
  }).listen(port, "127.0.0.1");
  closers.unshift(() => relay.close());
  await once(relay, "listening");
  return relay;
};

test("the start waits for a database that is still starting, and logs which", async () => {
  const port = await freePort();
  const { wait, lines } = open(port);
  const waiting = wait(30_000);
  await sleep(300);
  expect(lines()).toContain(`waiting up to 30 s for the database at 127.0.0.1:${port}/postgres (DATABASE_URL)`);
  await listen(port);
  await waiting;
});

test("an unreachable or refusing database ends the start with one sentence, without the password", async () => {
  const port = await freePort();
  await expect(open(port).wait(300)).rejects.toThrow(
    new RegExp(
      `^No database reachable at 127\\.0\\.0\\.1:${port}/postgres \\(DATABASE_URL\\): .*ECONNREFUSED.*Start PostgreSQL there, or correct DATABASE_URL\\.$`,
    ),
  );
  await listen(port);
  const refused = open(port, "no_such_database").wait(30_000);
  await expect(refused).rejects.toThrow(/\(DATABASE_URL\) rejected the connection: database "no_such_database" does not exist\. Check/);
  await expect(refused).rejects.not.toThrow(/hidden/);
});

import { randomBytes } from "node:crypto";
import { Writable } from "node:stream";
import pg from "pg";
import { inject } from "vitest";
import { projects } from "../db/schema/projects.ts";
import { users } from "../db/schema/accounts.ts";
import { createBus, type Bus } from "../platform/bus.ts";
import { connectDatabase, type DatabaseHandle } from "../platform/database.ts";
import { createEventLog, type EventLog } from "../platform/events.ts";
import { createLogger, type Logger } from "../platform/logger.ts";
import { registerProcess, type Presence } from "../platform/presence.ts";
import { testConnection, onServer } from "./postgres.ts";

/** The platform services without features, as one of possibly several processes on one database. */
export interface TestPlatform extends AsyncDisposable {
  database: DatabaseHandle;
  name: string;
  bus: Bus;
  events: EventLog;
  presence: Presence;
  log: Logger;
  logs(): string;
  /** A user and a project of theirs. */
  project(): Promise<{ user_id: string; project_id: string }>;
}

/** `of`: another process on the database of that one; it must end first. */
export async function testPlatform({ of }: { of?: TestPlatform } = {}): Promise<TestPlatform> {
  const { server, template, prefix } = inject("postgres");
  const name = of?.name ?? `${prefix}_${randomBytes(5).toString("hex")}`;
  if (!of) await onServer(server, (client) => client.query(`create database ${name} template ${template} strategy file_copy`));
  let lines = "";
  const log = createLogger(
    "debug",
    new Writable({
      write(chunk, _encoding, done) {
        lines += String(chunk);
        done();
      },
    }),
  );
  const database = connectDatabase(
    "socketDir" in server ? { socketDir: server.socketDir, database: name } : { url: testConnection(server, name).connectionString ?? "" },
    log,
  );
  const presence = await registerProcess(database.db, database.connection, log);
  const bus = await createBus(database.pool, database.connection, log);
  const events = createEventLog({ db: database.db, reconnect: database.reconnect, bus, log, isShared: true, processId: presence.id });
  return {
    database,
    name,
    bus,
    events,
    presence,
    log,
    logs: () => lines,
    project: async () => {
      const mark = randomBytes(6).toString("hex");
      const [user] = await database.db
        .insert(users)
        .values({ email: `${mark}@example.com`, name: mark, username: mark, slug: mark })
        .returning();
      const [project] = await database.db
        .insert(projects)
        .values({ owner_id: user?.id ?? "", name: mark, slug: mark })
        .returning();
      return { user_id: user?.id ?? "", project_id: project?.id ?? "" };
    },
    [Symbol.asyncDispose]: async () => {
      await events.close();
      await bus.close();
      await presence.close();
      await database.close();
      if (!of) await onServer(server, (client) => client.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`));
    },
  };
}

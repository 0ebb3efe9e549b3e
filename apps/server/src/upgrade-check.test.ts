import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { readConfig } from "./config.ts";
import { createLogger } from "./platform/logger.ts";
import { onServer, testConnection } from "./testing/postgres.ts";
import { temporaryFolder } from "./testing/temporary.ts";
import { checkUpgrade } from "./upgrade-check.ts";

const { server, template, prefix } = inject("postgres");
let database: string;
beforeEach(async () => {
  database = `${prefix}_${randomBytes(5).toString("hex")}`;
  await onServer(server, (client) => client.query(`create database ${database} template ${template} strategy file_copy`));
});
afterEach(() => onServer(server, (client) => client.query(`drop database if exists ${pg.escapeIdentifier(database)} with (force)`)));

const onDatabase = async (sql: string): Promise<void> => {
  const client = new pg.Client(testConnection(server, database));
  await client.connect();
  await client.query(sql).finally(() => client.end());
};
const addressOf = (): string => {
  if ("url" in server) return Object.assign(new URL(server.url), { pathname: `/${database}` }).href;
  return `postgres://tesslate@${encodeURIComponent(server.socketDir)}/${database}`;
};
interface CheckOptions {
  migrates?: boolean;
  address?: string;
  environment?: Record<string, string>;
  hasEnvFile?: boolean;
}
async function check(envText = "", { address, environment = {}, hasEnvFile = true, ...options }: CheckOptions = {}) {
  const dataDir = temporaryFolder("data");
  const envFile = join(dataDir, ".env");
  if (hasEnvFile) writeFileSync(envFile, envText);
  const config = readConfig({ DATA_DIR: dataDir, DATABASE_URL: addressOf(), SECRET_KEY: "a secret key of these tests with 32 characters" });
  config.servers.address = address;
  const found = await checkUpgrade(config, { envFile, environment, log: createLogger("silent"), ...options });
  return Object.fromEntries(found.map(({ name, mark, detail }) => [name, `${mark} ${detail}`]));
}

test("a database of this version is ready; a backup is missing, and unknown settings are named", async () => {
  const found = await check("# comment\nPORT=1\nexport REMOVED_SETTING=x\nHTTPS_PROXY=http://proxy\n");
  expect(found["database"]).toBe("ok no migrations are pending");
  expect(found["backup"]).toMatch(/^!! there is none/);
  expect(found["settings"]).toMatch(/^!! this version does not read REMOVED_SETTING of /);
  expect(found["keys"]).toMatch(/^ok /);
  expect(found["disk"]).toMatch(/GiB free/);
  expect(found["server"]).toBeUndefined();
});

test("settings of the environment: a mistyped name is named, names of other programs are not", async () => {
  const settingsIn = async (environment: Record<string, string>) => (await check("", { environment, hasEnvFile: false }))["settings"];
  const others = {
    PATH: "/bin",
    HOSTNAME: "studio",
    STUDIO_PORT: "tcp://10.0.0.1:8000",
    NODE_VERSION: "24",
    HOSTS: "x",
    KUBERNETES_PORT: "1",
  };
  expect(await settingsIn(others)).toBe("ok none are set");
  expect(await settingsIn({ ...others, DATA_DIR: "/data", SIGN_UP: "closed" })).toBe(
    "ok 2 in the environment, where names that are no settings are not reported",
  );
  expect(await settingsIn({ ...others, SING_UP: "closed", DATA_DIR: "/data", SECRET_KEYS: "x", APP_BAS_URL: "x" })).toMatch(
    /^!! this version does not read SING_UP \(SIGN_UP\?\), SECRET_KEYS \(SECRET_KEY\?\), APP_BAS_URL \(APP_BASE_URL\?\) of the environment\. /,
  );
  expect((await check("PORT=1\n", { environment: { PORT: "1", HOST: "::" } }))["settings"]).toMatch(/^ok 1 in .*, all known; 1 in the env/);
});

test("migrations that are pending are counted", async () => {
  await onDatabase("delete from drizzle.__drizzle_migrations where name = (select max(name) from drizzle.__drizzle_migrations)");
  expect((await check())["database"]).toMatch(/^ok 1 migrations are pending, from (\d+_\w+) to \1$/);
});

test("a database that a newer version has migrated is refused", async () => {
  await onDatabase("insert into drizzle.__drizzle_migrations (hash, created_at, name) values ('x', 1, '29991231235959_future')");
  expect((await check())["database"]).toMatch(/^XX it was migrated by a newer version \(29991231235959_future is unknown to /);
});

test("a database is migrated on request, unless something is in the way", async () => {
  expect((await check("", { migrates: true }))["migrated"]).toMatch(/^ok the database has all \d+ migrations of /);
  await onServer(server, async (client) => {
    await client.query(`drop database ${database}`);
    await client.query(`create database ${database} strategy file_copy`);
  });
  expect((await check())["database"]).toMatch(/^ok \d+ migrations are pending/);
  expect((await check("", { migrates: true }))["migrated"]).toMatch(/^ok /);
  expect((await check())["database"]).toBe("ok no migrations are pending");
  await onDatabase("insert into drizzle.__drizzle_migrations (hash, created_at, name) values ('x', 1, '29991231235959_future')");
  const refused = await check("", { migrates: true });
  expect([refused["migrated"], refused["database"]?.slice(0, 2)]).toEqual([undefined, "XX"]);
});

test("a running server must be stopped; one of several is replaced after the runner", async () => {
  const client = new pg.Client(testConnection(server, database));
  await client.connect();
  try {
    await client.query("select pg_advisory_lock_shared(7473748, 1)");
    expect((await check())["server"]).toBe("!! it is running. Stop it before you start the new version");
    expect((await check("", { migrates: true }))["server"]).toMatch(/^XX it is running/);
    const rolling = { address: "http://10.0.0.5:8000" };
    expect((await check("", rolling))["server"]).toBe("ok servers are running. Upgrade the runner, then one server after the other");
    expect((await check("", { ...rolling, migrates: true }))["migrated"]).toMatch(/^ok /);
  } finally {
    await client.end();
  }
});

import { existsSync, readFileSync, statSync } from "node:fs";
import { readFile, statfs } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Config } from "./config.ts";
import { backupMark } from "./features/operations/backup/index.ts";
import { loadSecretKey } from "./platform/crypto.ts";
import { appliedMigrations, knownMigrations, migrateDatabase } from "./platform/database.ts";
import { loadEncryptionKeys } from "./platform/encryption-keys.ts";
import { refuseKeysOfOtherDatabase } from "./platform/key-check.ts";
import type { Logger } from "./platform/logger.ts";
import { findPostgresPrograms } from "./platform/postgres/programs.ts";
import { openInstallation } from "./open-installation.ts";
import { settings } from "./settings/index.ts";
import { settingsOf } from "./settings/kinds.ts";
import type { Environment } from "./settings/read.ts";
import { version } from "./version.ts";

export interface UpgradeFinding {
  /** `XX`: this version does not start on the data. `!!`: something to do first. */
  mark: "ok" | "!!" | "XX";
  name: string;
  detail: string;
}

/** Left free on the disk beside the largest table that a migration may rewrite. */
const reserveBytes = 512 * 2 ** 20;
const oldestBackupMs = 86_400_000;

/**
 * What an upgrade of this installation to this version would find. Changes nothing, except that with `migrates` the pending migrations are
 * applied if this version starts on the data.
 */
export async function checkUpgrade(
  config: Config,
  {
    envFile,
    environment,
    log,
    migrates = false,
  }: {
    envFile: string;
    /** Of this process, with the values of `envFile`. */
    environment: Environment;
    log: Logger;
    migrates?: boolean;
  },
): Promise<UpgradeFinding[]> {
  const found: UpgradeFinding[] = [];
  const report = (mark: UpgradeFinding["mark"], name: string, detail: string) => void found.push({ mark, name, detail });
  report("ok", "version", version);
  reportSettings(envFile, environment, report);
  const dataDir = resolve(config.dataDir);
  if (!config.database.url && !(await reportCluster(dataDir, report))) return found;

  const installation = await openInstallation({ config, log, waits: true });
  const { pool } = installation.database;
  try {
    const [applied, known] = [await appliedMigrations(pool), knownMigrations()];
    const newer = applied.filter((name) => !known.includes(name));
    const pending = known.filter((name) => !applied.includes(name));
    if (newer.length > 0)
      report(
        "XX",
        "database",
        `it was migrated by a newer version (${newer.at(-1)} is unknown to ${version}). Use that version or a newer one, or restore the backup from before the upgrade`,
      );
    else if (pending.length > 0)
      report("ok", "database", `${pending.length} migrations are pending, from ${pending[0]} to ${pending.at(-1)}`);
    else report("ok", "database", "no migrations are pending");

    const { rows } = await pool.query<{ bytes: string }>("select pg_database_size(current_database()) as bytes");
    const bytes = Number(rows[0]?.bytes ?? 0);
    const disk = await statfs(dataDir);
    const free = disk.bavail * disk.bsize;
    // Only the embedded database is on this disk.
    const needed = reserveBytes + (config.database.url ? 0 : bytes);
    report(
      free >= needed ? "ok" : "!!",
      "disk",
      `${gibibytes(free)} GiB free on the disk of ${dataDir}, ${gibibytes(needed)} GiB needed (the database has ${gibibytes(bytes)} GiB)`,
    );
    try {
      await refuseKeysOfOtherDatabase(
        installation.database,
        existingKey(config, dataDir) ? await loadSecretKey(config.auth.secretKey?.reveal(), dataDir) : "",
        await loadEncryptionKeys(config, dataDir),
      );
      report("ok", "keys", "they are those of the database");
    } catch (error) {
      report("XX", "keys", error instanceof Error ? error.message : String(error));
    }
    reportBackup(dataDir, report);
    const isOneOfSeveral = config.servers.address !== undefined;
    if (installation.isRunning && isOneOfSeveral)
      report("ok", "server", "servers are running. Upgrade the runner, then one server after the other");
    else if (installation.isRunning) report(migrates ? "XX" : "!!", "server", "it is running. Stop it before you start the new version");
    if (migrates && found.every(({ mark }) => mark !== "XX")) {
      await migrateDatabase(installation.database, log);
      report("ok", "migrated", `the database has all ${known.length} migrations of ${version}`);
    }
  } finally {
    await installation.close();
  }
  return found;
}

type Report = (mark: UpgradeFinding["mark"], name: string, detail: string) => void;

const existingKey = (config: Config, dataDir: string) => config.auth.secretKey !== undefined || existsSync(join(dataDir, "secret.key"));
const gibibytes = (bytes: number) => (bytes / 2 ** 30).toFixed(1);

/**
 * Names in `.env` that this version does not read. The environment has names of other programs too, so there only those are reported that
 * are a typing error away from a setting.
 */
function reportSettings(envFile: string, environment: Environment, report: Report): void {
  const known = new Set(settingsOf(settings).flatMap(({ env, alias }) => (alias === undefined ? [env] : [env, alias])));
  const text = existsSync(envFile) ? readFileSync(envFile, "utf8") : "";
  const names = [...text.matchAll(/^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=/gm)].map(([, name = ""]) => name);
  const isOfOthers = (name: string) => /^(?:NODE_|HTTPS?_PROXY$|NO_PROXY$)/.test(name);
  const unknown = names.filter((name) => !known.has(name) && !isOfOthers(name));
  const others = Object.keys(environment).filter((name) => !names.includes(name) && !isOfOthers(name));
  const mistyped = others
    .filter((name) => !known.has(name))
    .flatMap((name) => {
      const meant = [...known].find((each) => isMistyped(name, each));
      return meant === undefined ? [] : [`${name} (${meant}?)`];
    });
  const problems = [
    ...(unknown.length > 0 ? [`${unknown.join(", ")} of ${envFile}`] : []),
    ...(mistyped.length > 0 ? [`${mistyped.join(", ")} of the environment`] : []),
  ];
  if (problems.length > 0)
    return report("!!", "settings", `this version does not read ${problems.join(", ")}. docs/operations/settings.md lists the settings`);
  const inEnvironment = others.filter((name) => known.has(name)).length;
  report(
    "ok",
    "settings",
    [
      ...(existsSync(envFile) ? [`${names.length} in ${envFile}, all known`] : []),
      ...(inEnvironment > 0 ? [`${inEnvironment} in the environment, where names that are no settings are not reported`] : []),
    ].join("; ") || "none are set",
  );
}

/** One letter too many, missing or wrong, or two in the wrong order. Short names are similar by chance. */
function isMistyped(name: string, meant: string): boolean {
  if (name === meant || meant.length < 6) return false;
  let start = 0;
  while (start < name.length && name[start] === meant[start]) start++;
  let end = 0;
  while (end < Math.min(name.length, meant.length) - start && name.at(-1 - end) === meant.at(-1 - end)) end++;
  const [typed = "", right = ""] = [name, meant].map((text) => text.slice(start, text.length - end));
  return Math.max(typed.length, right.length) === 1 || (typed.length === 2 && typed === [...right].toReversed().join(""));
}

/** Whether the embedded database can be started. */
async function reportCluster(dataDir: string, report: Report): Promise<boolean> {
  const ofCluster = await readFile(join(dataDir, "postgres/data/PG_VERSION"), "utf8").catch(() => undefined);
  if (ofCluster === undefined) {
    report("XX", "database", `${dataDir} has none. Set DATA_DIR to the data folder of the server`);
    return false;
  }
  const programs = await findPostgresPrograms();
  const manifest = programs && (await readFile(join(programs, "../package.json"), "utf8").catch(() => undefined));
  const bundled = manifest === undefined ? undefined : (JSON.parse(manifest) as { version: string }).version.split(".")[0];
  if (bundled === undefined || bundled === ofCluster.trim()) return true;
  report(
    "XX",
    "database",
    `the data is PostgreSQL ${ofCluster.trim()}, and this version brings PostgreSQL ${bundled}. Back up with the version that runs now, and restore with this one`,
  );
  return false;
}

function reportBackup(dataDir: string, report: Report): void {
  const madeAt = statSync(join(dataDir, backupMark), { throwIfNoEntry: false })?.mtimeMs;
  if (madeAt === undefined) report("!!", "backup", "there is none. Make one: ./studio backup TARGET");
  else if (Date.now() - madeAt > oldestBackupMs)
    report(
      "!!",
      "backup",
      `the last one is ${Math.floor((Date.now() - madeAt) / 86_400_000)} days old. Make a new one: ./studio backup TARGET`,
    );
  else report("ok", "backup", `the last one is of ${new Date(madeAt).toISOString()}`);
}

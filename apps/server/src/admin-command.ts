import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { reachable, releaseReachable } from "@tesslate/runtime";
import type { Config } from "./config.ts";
import { createAgents, createAgentsStore } from "./features/agent/agents/index.ts";
import { createAdminUsersStore, createOperator, type Operator } from "./features/operations/admin/index.ts";
import { createAudit, createAuditStore } from "./features/accounts/audit/index.ts";
import { createAuthStore } from "./features/accounts/auth/index.ts";
import {
  createPasswordChecks,
  createPasswords,
  createUserDirectory,
  createUserRegistration,
  createUsersStore,
} from "./features/accounts/users/index.ts";
import { connectDatabase, migrateDatabase, type DatabaseHandle } from "./platform/database.ts";
import type { Logger } from "./platform/logger.ts";
import { holdDataDir } from "./platform/data-folder-lock.ts";
import { findRunningPostgres } from "./platform/postgres/earlier-server.ts";
import { startEmbeddedPostgres } from "./platform/postgres/embedded.ts";
import { createRateLimiter } from "./platform/rate-limit.ts";

/** Opens the database of this installation, whether its server runs or not. Throws an error to show when it is unavailable. */
export async function openDatabase(config: Config, log: Logger): Promise<{ database: DatabaseHandle; close: () => Promise<void> }> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of closers.reverse()) await end();
  };
  try {
    if (config.database.url) {
      const database = connectDatabase({ url: config.database.url.reveal() }, log);
      closers.push(() => database.close());
      await migrateDatabase(database, log);
      return { database, close };
    }
    const dataDir = resolve(config.dataDir);
    await mkdir(dataDir, { recursive: true });
    const running = await findRunningPostgres(dataDir);
    if (running !== undefined) {
      const database = connectDatabase({ socketDir: running }, log);
      closers.push(() => database.close());
      return { database, close };
    }
    closers.push(await holdDataDir(dataDir));
    const embedded = await startEmbeddedPostgres({ dataDir, reach: reachable, release: releaseReachable, log });
    closers.push(() => embedded.stop());
    const database = connectDatabase({ socketDir: embedded.socketDir }, log);
    closers.push(() => database.close());
    await migrateDatabase(database, log);
    return { database, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export const operatorOf = (
  { db }: Pick<DatabaseHandle, "db">,
  { config, systemUser }: { config: Config; systemUser: string },
): Operator => {
  const auth = createAuthStore(db);
  const passwords = createPasswords(config.auth.passwordCost);
  const limits = createRateLimiter({ db, factor: 0 });
  const audits = createAuditStore(db);
  const { onRegistered } = createAgents({
    store: createAgentsStore(db),
    features: {
      streaming: config.features.streaming,
      web_search: config.web.isOn,
      plan_mode: config.features.planMode,
      subagents: config.features.subagents,
      apply_patch: config.features.applyPatch,
    },
  });
  const store = createUsersStore(db);
  const passwordChecks = createPasswordChecks({ passwords, limits });
  const users = {
    ...createUserDirectory({ store, limits }),
    ...createUserRegistration({ store, passwordChecks, terms: config.billing.welcome, onRegistered: [onRegistered] }),
    ...passwordChecks,
  };
  return createOperator({
    audits,
    audit: createAudit({ store: audits, limits }),
    store: createAdminUsersStore(db),
    users,
    auth,
    systemUser,
  });
};

/** `./studio admin`: manages accounts of this installation, whether its server runs or not. */
export async function withOperator<T>(
  config: Config,
  { log, systemUser }: { log: Logger; systemUser: string },
  work: (operator: Operator) => Promise<T>,
): Promise<T> {
  const { database, close } = await openDatabase(config, log);
  try {
    return await work(operatorOf(database, { config, systemUser }));
  } finally {
    await close();
  }
}

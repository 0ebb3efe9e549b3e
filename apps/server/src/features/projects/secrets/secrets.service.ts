import {
  parseDotenv,
  secretRefusal,
  reservedKeys,
  secretLimits,
  type LimitDetails,
  type List,
  type Secret,
  type SecretRefusal,
  type SecretsImport,
} from "@tesslate/contract";
import { badRequest, notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { Redactions } from "./redactions.ts";
import type { SecretsStore } from "./secrets.store.ts";
import type { SecretRow } from "../../../db/schema/projects.ts";
import type { SecretVault } from "./secrets.vault.ts";

/** What secrets need of projects and containers. */
export interface SecretsAccess {
  /** The caller's project, else 404. For a branch, the project that it is a branch of. */
  require(userId: string, ref: string): Promise<{ id: string }>;
  /** The branches of a project: they have its secrets. */
  branchesOf(projectId: string): Promise<readonly { id: string }[]>;
  /** Running containers keep the old values until they are restarted. */
  markStale(projectId: string): Promise<void>;
}

const sentences: Record<Exclude<SecretRefusal, "invalid_line">, string> = {
  invalid_key: "A secret's name may contain letters, digits and _, must not start with a digit and is limited to 128 characters.",
  reserved_key: `${reservedKeys.join(", ")} are reserved: the server sets them.`,
  empty_value: "The value of a secret cannot be empty.",
  value_too_large: `Values are limited to ${secretLimits.maxValueBytes} bytes.`,
  nul_character: "Values cannot contain a NUL character.",
  secret_limit_reached: `Projects are limited to ${secretLimits.maxCount} secrets. Delete one first.`,
};
const refuse = (key: string, reason: Exclude<SecretRefusal, "invalid_line">) =>
  badRequest(sentences[reason], reason === "reserved_key" || reason === "secret_limit_reached" ? reason : "invalid_secret", {
    key: key.slice(0, 128),
    reason,
    ...(reason === "secret_limit_reached" &&
      ({ used: secretLimits.maxCount, limit: secretLimits.maxCount, unit: "count" } satisfies LimitDetails)),
  });

/** Environment variables of a project: write-only, listed by name. */
export type Secrets = ReturnType<typeof createSecrets>;

export function createSecrets({
  access,
  store,
  vault,
  redactions,
  events,
}: {
  access: SecretsAccess;
  store: SecretsStore;
  vault: SecretVault;
  redactions: Redactions;
  events: EventLog;
}) {
  const changed = async (projectId: string, keys: string[]) => {
    if (keys.length === 0) return;
    for (const { id } of [{ id: projectId }, ...(await access.branchesOf(projectId))]) {
      await redactions.changed(id);
      await access.markStale(id);
    }
    await events.append(projectId, { type: "secrets_changed", data: { keys } });
  };

  return {
    list: async (userId: string, ref: string, query: PageQuery): Promise<List<Secret>> => {
      const project = await access.require(userId, ref);
      const page = pageOf(query);
      const { rows, total } = await store.list(project.id, page);
      return page.envelope(rows.map(presentSecret), total);
    },
    /** Creates or replaces. Throws 400 `invalid_secret`, `reserved_key` or `secret_limit_reached`. */
    set: async (
      userId: string,
      ref: string,
      { key, value }: { key: string; value: string },
    ): Promise<{ secret: Secret; isNew: boolean }> => {
      const project = await access.require(userId, ref);
      const reason = secretRefusal(key, value);
      if (reason && reason !== "invalid_line") throw refuse(key, reason);
      const result = await store.transaction(async (tx) => {
        await store.lockProject(tx, project.id);
        const known = await store.listKeys(tx, project.id);
        const isNew = !known.has(key);
        if (isNew && known.size >= secretLimits.maxCount) throw refuse(key, "secret_limit_reached");
        const row = { project_id: project.id, key };
        return { secret: presentSecret(await store.upsert(tx, { ...row, encrypted_value: vault.seal(row, value) })), isNew };
      });
      await changed(project.id, [key]);
      return result;
    },
    remove: async (userId: string, ref: string, key: string): Promise<void> => {
      const project = await access.require(userId, ref);
      // Invalid names are not queried: Postgres rejects some of them.
      if (secretRefusal(key, "-") !== undefined || !(await store.remove(project.id, key))) throw notFound("Secret");
      await changed(project.id, [key]);
    },
    /** Imports a `.env` file: rejected variables are returned with a reason, the others are written in one transaction. */
    import: async (userId: string, ref: string, text: string): Promise<SecretsImport> => {
      const project = await access.require(userId, ref);
      const { entries, invalid } = parseDotenv(text);
      const result: SecretsImport = { created: [], replaced: [], refused: [] };
      for (const { key } of invalid) result.refused.push({ key, code: "invalid_line" });
      await store.transaction(async (tx) => {
        await store.lockProject(tx, project.id);
        const known = await store.listKeys(tx, project.id);
        let count = known.size;
        for (const { key, value } of entries) {
          const isNew = !known.has(key);
          const code = secretRefusal(key, value) ?? (isNew && count >= secretLimits.maxCount ? "secret_limit_reached" : undefined);
          if (code) {
            result.refused.push({ key: key.slice(0, 128), code });
            continue;
          }
          const row = { project_id: project.id, key };
          await store.upsert(tx, { ...row, encrypted_value: vault.seal(row, value) });
          if (isNew) count += 1;
          (isNew ? result.created : result.replaced).push(key);
        }
      });
      await changed(project.id, [...result.created, ...result.replaced]);
      return result;
    },
  };
}

const presentSecret = ({ key, created_at, updated_at }: SecretRow): Secret => ({ key, masked: "********", created_at, updated_at });

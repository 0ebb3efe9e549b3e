import { getTableColumns, sql } from "drizzle-orm";
import type { Database, Queries } from "../../apps/server/src/platform/database.ts";
import { agents } from "../../apps/server/src/db/schema/agent/agents.ts";
import { users } from "../../apps/server/src/db/schema/accounts.ts";
import { serverSettings } from "../../apps/server/src/db/schema/platform.ts";
import { bases } from "../../apps/server/src/db/schema/store.ts";
import { tables, type Rows } from "./rows.ts";
import type { ServedProject } from "./work.ts";

const settingKey = "demo_data";
/** PostgreSQL takes at most 65,535 parameters per statement. */
const maxParameters = 60_000;

/** What the demo data was created for; every later run uses the same, so that it repeats nothing. */
export interface Seeding {
  /** The moment that all times are relative to. */
  now: number;
  /** Published agents and templates that the store lacked. */
  missing: { agents: number; bases: number };
  /** Projects that the running server created, so that they have files. */
  served: ServedProject[];
  /** False while the first run has not ended. */
  isComplete: boolean;
}

export function createSeedStore(db: Database) {
  const insert = async (tx: Queries, name: keyof Rows, rows: Rows): Promise<void> => {
    const table = tables[name];
    const values: Record<string, unknown>[] = rows[name];
    const perStatement = Math.floor(maxParameters / Object.keys(getTableColumns(table)).length);
    for (let from = 0; from < values.length; from += perStatement)
      await tx
        .insert(table)
        .values(values.slice(from, from + perStatement) as never)
        .onConflictDoNothing();
  };
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    /** Accounts of people that are not of the demo data. */
    countRealPeople: (domain: string): Promise<number> =>
      db.$count(users, sql`not ${users.is_system} and ${users.email} not like ${`%@${domain}`}`),
    findSeeding: async (): Promise<Seeding | undefined> =>
      (
        await db
          .select()
          .from(serverSettings)
          .where(sql`${serverSettings.key} = ${settingKey}`)
      )[0]?.value as Seeding | undefined,
    keepSeeding: async (tx: Queries, seeding: Seeding): Promise<void> => {
      await tx
        .insert(serverSettings)
        .values({ key: settingKey, value: seeding })
        .onConflictDoUpdate({ target: serverSettings.key, set: { value: seeding } });
    },
    countListed: async (): Promise<{ agents: number; bases: number }> => ({
      agents: await db.$count(agents, sql`${agents.is_active} and ${agents.is_published} and ${agents.item_type} = 'agent'`),
      bases: await db.$count(bases, sql`${bases.is_active} and ${bases.visibility} = 'public'`),
    }),
    findAgentId: async (slug: string): Promise<string | undefined> =>
      (
        await db
          .select({ id: agents.id })
          .from(agents)
          .where(sql`${agents.slug} = ${slug}`)
      )[0]?.id,
    /** Rows that exist stay as they are. */
    insert,
    insertAll: async (tx: Queries, rows: Rows): Promise<void> => {
      for (const name of Object.keys(tables) as (keyof Rows)[]) await insert(tx, name, rows);
    },
    /** What refers to other people, and the result of all payments. */
    completePeople: async (tx: Queries, people: Rows["users"]): Promise<void> => {
      for (const { id, referred_by, purchased_credits, total_spend_cents } of people)
        await tx
          .update(users)
          .set({ referred_by, purchased_credits, total_spend_cents })
          .where(sql`${users.id} = ${id}`);
    },
    /** A project that the server created looks as old as its chats. */
    backdate: async (
      tx: Queries,
      project: { id: string; description: string | null; created_at: string; updated_at: string },
    ): Promise<void> => {
      await tx.execute(sql`update projects set description = coalesce(description, ${project.description}), created_at = ${project.created_at}::timestamptz,
        updated_at = ${project.updated_at}::timestamptz, last_activity = ${project.updated_at}::timestamptz where id = ${project.id}`);
    },
    setPassword: async (ids: readonly string[], hash: string): Promise<void> => {
      await db.execute(sql`update users set hashed_password = ${hash} where id = any(${sql.param([...ids])}::uuid[])`);
    },
    /** Jobs that a server does not take: they are due next year, or have failed for good. Their emails do not exist. */
    insertJobs: async (tx: Queries, count: number): Promise<void> => {
      for (let n = 0; n < count; n++)
        await tx.execute(sql`select graphile_worker.add_job('send_email', ${JSON.stringify({ id: `00000000-0000-4000-8000-00000000000${n}` })}::json,
          job_key := ${`demo:${n}`}, run_at := now() + interval '1 year', max_attempts := 3::smallint)`);
      await tx.execute(
        sql`select graphile_worker.permanently_fail_jobs(array(select id from graphile_worker.jobs where key = 'demo:0'), 'connect ECONNREFUSED 203.0.113.9:587')`,
      );
    },
  };
}

import { sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { mailedNotices } from "../../../db/schema/accounts.ts";

/** A notice to email. */
export interface Notice extends Record<string, unknown> {
  about: string;
  user_id: string;
  email: string;
  name: string;
  project_name: string;
  project_slug: string;
  chat_title: string | null;
  /** How a run ended. */
  status: string | null;
}

const living = sql`u.is_active and not u.is_suspended and not u.is_deleted and u.is_verified`;
const isNew = (about: string) => sql`not exists (select 1 from mailed_notices m where m.user_id = u.id and m.about = ${sql.raw(about)})`;

export type NoticesStore = ReturnType<typeof createNoticesStore>;
export function createNoticesStore(db: Database) {
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    /** Approvals unanswered for `afterSeconds` and at most a day old, of users who opted in. */
    listWaiting: async (afterSeconds: number): Promise<Notice[]> =>
      (
        await db.execute<Notice>(sql`
          select 'approval:' || a.id as about, u.id as user_id, u.email, u.name, p.name as project_name, p.slug as project_slug, c.title as chat_title, null as status
          from approvals a join users u on u.id = a.user_id join chats c on c.id = a.chat_id join projects p on p.id = c.project_id
          where a.answered_at is null and a.response is null and a.created_at between now() - interval '1 day' and now() - make_interval(secs => ${afterSeconds})
            and (u.preferences->>'mail_when_waiting')::boolean and ${living} and ${isNew("'approval:' || a.id")}`)
      ).rows,
    /** Runs that ended after at least `afterSeconds`, of users who opted in. */
    listEnded: async (afterSeconds: number): Promise<Notice[]> =>
      (
        await db.execute<Notice>(sql`
          select 'run:' || t.id as about, u.id as user_id, u.email, u.name, p.name as project_name, p.slug as project_slug, c.title as chat_title, t.status
          from users u join tasks t on t.user_id = u.id join projects p on p.id = t.project_id left join chats c on c.id = t.chat_id
          where (u.preferences->>'mail_when_ended')::boolean and ${living} and t.type = 'agent_execution' and t.status in ('completed', 'failed')
            and t.completed_at > now() - interval '1 hour' and t.completed_at - t.started_at >= make_interval(secs => ${afterSeconds}) and ${isNew("'run:' || t.id")}`)
      ).rows,
    /** False when another process claimed it first. */
    claim: async (tx: Queries, { user_id, about }: Pick<Notice, "user_id" | "about">): Promise<boolean> =>
      (await tx.insert(mailedNotices).values({ user_id, about }).onConflictDoNothing().returning({ about: mailedNotices.about })).length >
      0,
    prune: async (): Promise<void> => {
      await db.execute(sql`delete from mailed_notices where created_at < now() - interval '2 days'`);
    },
  };
}

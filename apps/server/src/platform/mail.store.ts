import type { EmailKind, EmailStatus } from "@tesslate/contract";
import { and, desc, eq, getTableColumns, inArray, sql } from "drizzle-orm";
import type { Database, Queries } from "./database.ts";
import { emails, type EmailRow } from "../db/schema/platform.ts";

/** Additional authenticated data of an email's encrypted text. The prefix is the table's former name: stored emails were encrypted with it. */
export const emailAad = (id: string): string => `letters:${id}`;

const inSeconds = (seconds: number) => sql`now() + make_interval(secs => ${seconds})` as never;
const keptDays = 7;

/** What lists of emails show: everything but the content. */
export type ListedEmail = Omit<EmailRow, "encrypted_content">;
const { encrypted_content: _content, ...listed } = getTableColumns(emails);
export interface EmailFilter {
  status?: EmailStatus;
  search?: string;
}
const isListed = ({ status, search }: EmailFilter) =>
  and(
    status === undefined ? undefined : eq(emails.status, status),
    search === undefined ? undefined : sql`position(lower(${search}) in ${emails.recipient}) > 0`,
  );

export type MailStore = ReturnType<typeof createMailStore>;
export function createMailStore(db: Database) {
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    insert: async (
      tx: Queries,
      values: {
        id: string;
        kind: EmailKind;
        recipient: string;
        encrypted_content: Buffer;
        status: EmailStatus;
        validForSeconds: number | undefined;
      },
    ): Promise<void> => {
      const { validForSeconds, ...row } = values;
      await tx.insert(emails).values({ ...row, ...(validForSeconds !== undefined && { expires_at: inSeconds(validForSeconds) }) });
    },
    /** Leases a due email for `leaseSeconds`, so that a crashed sender delays it but does not lose it. */
    claim: async (id: string, leaseSeconds: number): Promise<(EmailRow & { isLate: boolean }) | undefined> =>
      (
        await db
          .update(emails)
          .set({ attempts: sql`${emails.attempts} + 1`, next_attempt_at: inSeconds(leaseSeconds) })
          .where(and(eq(emails.id, id), eq(emails.status, "queued"), sql`${emails.next_attempt_at} <= now()`))
          .returning()
      ).map((row) => ({ ...row, isLate: row.expires_at !== null && Date.parse(row.expires_at) <= Date.now() }))[0],
    /** Also deletes its text. */
    sent: async (id: string): Promise<void> => {
      await db
        .update(emails)
        .set({ status: "sent", encrypted_content: null, last_error: null, sent_at: sql`now()` as never })
        .where(eq(emails.id, id));
    },
    postpone: async (tx: Queries, id: string, reason: string, waitSeconds: number): Promise<void> => {
      await tx
        .update(emails)
        .set({ last_error: reason, next_attempt_at: inSeconds(waitSeconds) })
        .where(eq(emails.id, id));
    },
    giveUp: async (id: string, reason: string): Promise<void> => {
      await db.update(emails).set({ status: "failed", last_error: reason }).where(eq(emails.id, id));
    },
    /** Queues it again with a reset attempt count; `undefined` when it was already sent. */
    revive: async (tx: Queries, id: string): Promise<EmailRow | undefined> =>
      (
        await tx
          .update(emails)
          .set({ status: "queued", attempts: 0, last_error: null, next_attempt_at: sql`now()` as never })
          .where(and(eq(emails.id, id), inArray(emails.status, ["queued", "failed", "kept"]), sql`${emails.encrypted_content} is not null`))
          .returning()
      )[0],
    overdue: async (tx: Queries): Promise<string[]> =>
      (
        await tx
          .select({ id: emails.id })
          .from(emails)
          .where(and(eq(emails.status, "queued"), sql`${emails.next_attempt_at} < now() - interval '5 seconds'`))
          .limit(500)
      ).map((row) => row.id),
    find: async (id: string): Promise<EmailRow | undefined> => (await db.select().from(emails).where(eq(emails.id, id)))[0],
    list: async (filter: EmailFilter, page: { limit: number; offset: number }): Promise<{ rows: ListedEmail[]; total: number }> => {
      const where = isListed(filter);
      const [rows, total] = await Promise.all([
        db.select(listed).from(emails).where(where).orderBy(desc(emails.created_at), desc(emails.id)).limit(page.limit).offset(page.offset),
        db.$count(emails, where),
      ]);
      return { rows, total };
    },
    /** The emails after this one, newest first. */
    listAfter: (filter: EmailFilter, after: { id: string; created_at: string } | undefined, limit: number): Promise<ListedEmail[]> =>
      db
        .select(listed)
        .from(emails)
        .where(
          and(isListed(filter), after && sql`(${emails.created_at}, ${emails.id}) < (${after.created_at}::timestamptz, ${after.id}::uuid)`),
        )
        .orderBy(desc(emails.created_at), desc(emails.id))
        .limit(limit),
    prune: async (): Promise<void> => {
      await db.delete(emails).where(sql`${emails.created_at} < now() - make_interval(days => ${keptDays})`);
    },
  };
}

/** Deletes the emails to these addresses, whatever their state. */
export async function deleteEmailsTo(q: Queries, addresses: readonly (string | null)[]): Promise<void> {
  const wanted = addresses.flatMap((address) => (address === null ? [] : [address.toLowerCase()]));
  await q.delete(emails).where(sql`lower(${emails.recipient}) = any(${sql.param(wanted)}::text[])`);
}

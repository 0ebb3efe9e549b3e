import { sql, type SQL } from "drizzle-orm";
import type { PaymentKind, RevenueMonth, RevenuePayment } from "@tesslate/contract";
import type { Database } from "../../../platform/database.ts";

/** Whole months, UTC: from the first day of one to the first day after another. */
export interface RevenuePeriod {
  from: string;
  until: string;
}
export interface PaymentFilter extends RevenuePeriod {
  kind?: PaymentKind;
}
/** A place in the list of payments. */
type Place = Pick<RevenuePayment, "id" | "created_at">;

export type RevenueStore = ReturnType<typeof createRevenueStore>;
export function createRevenueStore(db: Database) {
  const within = ({ from, until, kind }: PaymentFilter): SQL =>
    sql`p.created_at >= ${from} and p.created_at < ${until}${kind === undefined ? sql`` : sql` and p.kind = ${kind}`}`;
  /** With the creator's part of the payment itself; a refund of it is a posting of its own. */
  const payments = (where: SQL, order: SQL): SQL => sql`
    select p.id, p.created_at, p.kind, p.item_name as item, p.tier, p.billing_interval, p.user_id, u.email as user_email, p.amount_cents,
      p.refunded_cents, coalesce(-e.amount_cents, 0)::int as creator_share_cents, p.fee_cents, p.key as stripe_id
    from payments p left join users u on u.id = p.user_id
      left join ledger_entries e on e.posting = 'payment:' || p.key and e.account = 'creator'
    where ${where} order by ${order}`;
  const timestamped = (rows: RevenuePayment[]): RevenuePayment[] =>
    rows.map((row) => ({ ...row, created_at: new Date(row.created_at).toISOString() }));

  return {
    /** The books by month, including months without entries, oldest first. */
    months: async ({ from, until }: RevenuePeriod): Promise<RevenueMonth[]> =>
      (
        await db.execute<RevenueMonth & Record<string, unknown>>(sql`
          with months as (
            select m as start from generate_series(${from}::timestamptz at time zone 'UTC', ${until}::timestamptz at time zone 'UTC' - interval '1 day', interval '1 month') m),
          entries as (
            select date_trunc('month', e.created_at at time zone 'UTC') as start, e.account, e.amount_cents,
              split_part(e.posting, ':', 1) as what, p.kind
            from ledger_entries e
              left join payments p on split_part(e.posting, ':', 1) in ('payment', 'refund') and p.key = split_part(e.posting, ':', 2)
            where e.account in ('stripe', 'creator') and e.created_at >= ${from} and e.created_at < ${until}),
          books as (
            select start,
              ${sql.join(
                (["subscription", "credits", "deploy_slot", "agent", "base"] as const).map(
                  (kind) =>
                    sql`coalesce(sum(amount_cents) filter (where account = 'stripe' and what = 'payment' and kind = ${kind}), 0) as ${sql.identifier(kind)}`,
                ),
                sql`, `,
              )},
              coalesce(sum(amount_cents) filter (where account = 'stripe' and what = 'payment'), 0) as gross,
              coalesce(-sum(amount_cents) filter (where account = 'stripe' and what = 'refund'), 0) as refunds,
              coalesce(-sum(amount_cents) filter (where account = 'creator' and what in ('payment', 'refund', 'use')), 0) as shares,
              coalesce(sum(amount_cents) filter (where account = 'creator' and what in ('paid', 'reversal')), 0) as payouts
            from entries group by start),
          charged as (
            select date_trunc('month', p.created_at at time zone 'UTC') as start, coalesce(sum(p.fee_cents), 0) as fees, count(*) as payments,
              count(*) filter (where p.fee_cents is null) as fees_missing
            from payments p where p.created_at >= ${from} and p.created_at < ${until} group by 1)
          select to_char(m.start, 'YYYY-MM') as month, coalesce(subscription, 0)::float8 as plans_cents, coalesce(credits, 0)::float8 as credits_cents,
            coalesce(deploy_slot, 0)::float8 as deploy_slots_cents, coalesce(agent, 0)::float8 as agents_cents, coalesce(base, 0)::float8 as bases_cents,
            coalesce(gross, 0)::float8 as gross_cents, coalesce(refunds, 0)::float8 as refunds_cents, coalesce(shares, 0)::float8 as creator_shares_cents,
            coalesce(fees, 0)::float8 as fees_cents, (coalesce(gross, 0) - coalesce(refunds, 0) - coalesce(shares, 0) - coalesce(fees, 0))::float8 as net_cents,
            coalesce(payouts, 0)::float8 as payouts_cents, coalesce(payments, 0)::float8 as payments, coalesce(fees_missing, 0)::float8 as fees_missing
          from months m left join books b on b.start = m.start left join charged c on c.start = m.start order by m.start`)
      ).rows,
    list: async (
      filter: PaymentFilter,
      { limit, offset }: { limit: number; offset: number },
    ): Promise<{ rows: RevenuePayment[]; total: number }> => {
      const where = within(filter);
      const [found, counted] = await Promise.all([
        db.execute<RevenuePayment & Record<string, unknown>>(
          sql`${payments(where, sql`p.created_at desc, p.id`)} limit ${limit} offset ${offset}`,
        ),
        db.execute<{ n: number }>(sql`select count(*)::int as n from payments p where ${where}`),
      ]);
      return { rows: timestamped(found.rows), total: counted.rows[0]?.n ?? 0 };
    },
    /** The payments after a place, oldest first. */
    after: async (filter: PaymentFilter, place: Place | undefined, limit: number): Promise<RevenuePayment[]> => {
      const where = place
        ? sql`${within(filter)} and (date_trunc('milliseconds', p.created_at), p.id) > (${place.created_at}, ${place.id})`
        : within(filter);
      const order = sql`date_trunc('milliseconds', p.created_at), p.id`;
      return timestamped((await db.execute<RevenuePayment & Record<string, unknown>>(sql`${payments(where, order)} limit ${limit}`)).rows);
    },
  };
}

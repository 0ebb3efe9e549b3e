import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../../../platform/database.ts";

/** Boundaries of the counted periods. `from`, `before` and `week` are UTC midnights. */
export interface MetricsPeriod {
  days: number;
  now: string;
  /** First day of the period; today is its last. */
  from: string;
  /** First day of the period before. */
  before: string;
  /** Today and the six days before. */
  week: string;
  /** 24 hours, 7, 14 and 30 days ago. */
  day: string;
  sevenDays: string;
  fourteenDays: string;
  month: string;
}
interface DayRow {
  date: string;
  count: number;
}
interface UsersRow {
  total: number;
  new_users: number;
  previous: number;
  dau: number;
  mau: number;
  once_active: number;
  still_active: number;
  daily: DayRow[];
}
interface ProjectsRow {
  total: number;
  users: number;
  new_projects: number;
  new_this_week: number;
  git_enabled: number;
  deployed: number;
  daily: DayRow[];
}
interface SessionsRow {
  total: number;
  total_this_week: number;
  unique_users: number;
  avg_minutes: number;
  avg_messages: number;
  daily: DayRow[];
}
export interface UsageMetrics {
  tokens: number;
  tokens_this_week: number;
  cost_cents: number;
  users: number;
  runs: number;
  runs_this_week: number;
  run_calls: number;
  credits: number;
  forgiven: number;
  own_key_requests: number;
  by_model: Record<string, { tokens: number; cost_cents: number; requests: number }>;
  top_users: { user_id: string; username: string; total_tokens: number; total_cost_cents: number; last_used: string }[];
  daily: { date: string; tokens: number; cost_cents: number; runs: number; credits: number }[];
}
interface Named {
  name: string;
  slug: string;
}
interface MarketplaceRow {
  agents: number;
  visible: number;
  adopted: number;
  purchases: number;
  recent_purchases: number;
  popular: (Named & { purchases: number; usage_count: number })[];
  most_used: (Named & { purchases: number; usage_count: number })[];
  bases: number;
  base_purchases: number;
  recent_base_purchases: number;
  popular_bases: (Named & { purchases: number; downloads: number })[];
}
export interface RevenueMetrics {
  paid_cents: number;
  refunded_cents: number;
  subscription: number;
  credits: number;
  deploy_slot: number;
  agent: number;
  base: number;
  /** Revenue from agents and templates. */
  marketplace_once: number;
  marketplace_monthly: number;
}
interface ContainersRow {
  running: number;
  starting: number;
  frozen: number;
  failed: number;
  stopped: number;
  running_projects: number;
}

const at = (moment: string) => sql`${moment}::timestamptz`;
const utcDay = (column: string) => sql.raw(`(${column} at time zone 'UTC')::date`);
/** One row per day of the period, including today. */
const daysOf = ({ from, now }: MetricsPeriod) =>
  sql`(select d::date as day from generate_series(${at(from)} at time zone 'UTC', ${at(now)} at time zone 'UTC', interval '1 day') as d)`;
/** Count of `source` rows per day by `created_at`, including empty days. */
const dailyCount = (period: MetricsPeriod, source: string): SQL => sql`
  (select json_agg(json_build_object('date', day, 'count', n) order by day) from (
    select days.day, count(c.created_at)::int as n
    from ${daysOf(period)} days left join (select created_at from ${sql.raw(source)} where created_at >= ${at(period.from)}) c on ${utcDay("c.created_at")} = days.day
    group by days.day) counted)`;

/**
 * Queries for the metrics: one statement per block, aggregated in the database. Deleted users are excluded.
 */
export type MetricsStore = ReturnType<typeof createMetricsStore>;
export function createMetricsStore(db: Database) {
  const one = async <T>(query: SQL): Promise<T> => (await db.execute<Record<string, unknown>>(query)).rows[0] as T;
  return {
    users: (period: MetricsPeriod) =>
      one<UsersRow>(sql`
        with living as (select id, created_at from users where not is_deleted and not is_system),
        seen as (
          select owner_id as user_id, created_at from projects where branch_of is null and created_at >= ${at(period.month)}
          union all select user_id, created_at from chats where created_at >= ${at(period.month)}),
        creators as (select seen.* from seen join living on living.id = seen.user_id),
        earlier as (
          select distinct c.user_id from chats c join living on living.id = c.user_id
          where c.created_at >= ${at(period.fourteenDays)} and c.created_at < ${at(period.sevenDays)})
        select
          (select count(*)::int from living) as total,
          (select count(*)::int from living where created_at >= ${at(period.from)}) as new_users,
          (select count(*)::int from living where created_at >= ${at(period.before)} and created_at < ${at(period.from)}) as previous,
          (select count(distinct user_id)::int from creators where created_at >= ${at(period.day)}) as dau,
          (select count(distinct user_id)::int from creators) as mau,
          (select count(*)::int from earlier) as once_active,
          (select count(*)::int from earlier e where exists (
            select 1 from chats c where c.user_id = e.user_id and c.created_at >= ${at(period.sevenDays)})) as still_active,
          ${dailyCount(period, "living")} as daily`),

    projects: (period: MetricsPeriod) =>
      one<ProjectsRow>(sql`
        with there as (
          select p.created_at, p.has_git_repo, p.is_deployed from projects p join users u on u.id = p.owner_id and p.branch_of is null
          where not u.is_deleted and p.environment_status <> 'deleting')
        select count(*)::int as total,
          (select count(*)::int from users where not is_deleted and not is_system) as users,
          count(*) filter (where created_at >= ${at(period.from)})::int as new_projects,
          count(*) filter (where created_at >= ${at(period.week)})::int as new_this_week,
          count(*) filter (where has_git_repo)::int as git_enabled,
          count(*) filter (where is_deployed)::int as deployed,
          ${dailyCount(period, "there")} as daily
        from there`),

    sessions: (period: MetricsPeriod) =>
      one<SessionsRow>(sql`
        with started as (
          select c.id, c.user_id, c.created_at from chats c join users u on u.id = c.user_id
          where not u.is_deleted and c.created_at >= least(${at(period.from)}, ${at(period.week)})),
        talk as (
          select count(m.id) as message_count, extract(epoch from max(m.created_at) - min(m.created_at)) / 60 as minutes
          from started b join messages m on m.chat_id = b.id where b.created_at >= ${at(period.from)} group by b.id)
        select count(*) filter (where created_at >= ${at(period.from)})::int as total,
          count(*) filter (where created_at >= ${at(period.week)})::int as total_this_week,
          count(distinct user_id) filter (where created_at >= ${at(period.from)})::int as unique_users,
          (select coalesce(avg(minutes) filter (where message_count >= 2), 0)::float8 from talk) as avg_minutes,
          (select coalesce(sum(message_count), 0)::float8 from talk) / greatest(count(*) filter (where created_at >= ${at(period.from)}), 1) as avg_messages,
          ${dailyCount(period, "started")} as daily
        from started`),

    usage: (period: MetricsPeriod) =>
      one<UsageMetrics>(sql`
        with calls as (
          select l.user_id, u.username, l.model, l.task_id, l.tokens_input + l.tokens_output as tokens, l.cost_total, l.credits_deducted, l.shortfall_credits,
            l.is_byok, l.created_at, ${utcDay("l.created_at")} as day
          from usage_logs l join users u on u.id = l.user_id
          where not u.is_deleted and l.created_at >= least(${at(period.from)}, ${at(period.week)})),
        inside as (select * from calls where created_at >= ${at(period.from)}),
        models as (
          select model, sum(tokens)::float8 as tokens, sum(cost_total)::float8 as cost_cents, count(*)::int as requests from inside group by model),
        people as (
          select user_id, min(username) as username, sum(tokens)::float8 as total_tokens, sum(cost_total)::float8 as total_cost_cents,
            to_char(max(created_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as last_used
          from inside group by user_id order by sum(tokens) desc, user_id limit 10),
        daily as (
          select days.day, coalesce(sum(i.tokens), 0)::float8 as tokens, coalesce(sum(i.cost_total), 0)::float8 as cost_cents,
            count(distinct i.task_id)::int as runs, coalesce(sum(i.credits_deducted), 0)::float8 as credits
          from ${daysOf(period)} days left join inside i on i.day = days.day group by days.day)
        select coalesce(sum(tokens) filter (where created_at >= ${at(period.from)}), 0)::float8 as tokens,
          coalesce(sum(tokens) filter (where created_at >= ${at(period.week)}), 0)::float8 as tokens_this_week,
          coalesce(sum(cost_total) filter (where created_at >= ${at(period.from)}), 0)::float8 as cost_cents,
          count(distinct user_id) filter (where created_at >= ${at(period.from)})::int as users,
          count(distinct task_id) filter (where created_at >= ${at(period.from)})::int as runs,
          count(distinct task_id) filter (where created_at >= ${at(period.week)})::int as runs_this_week,
          count(task_id) filter (where created_at >= ${at(period.from)})::int as run_calls,
          coalesce(sum(credits_deducted) filter (where created_at >= ${at(period.from)}), 0)::float8 as credits,
          coalesce(sum(shortfall_credits) filter (where created_at >= ${at(period.from)}), 0)::float8 as forgiven,
          count(*) filter (where is_byok and created_at >= ${at(period.from)})::int as own_key_requests,
          (select coalesce(json_object_agg(model, json_build_object('tokens', tokens, 'cost_cents', cost_cents, 'requests', requests)), '{}') from models) as by_model,
          (select coalesce(json_agg(people), '[]') from people) as top_users,
          (select json_agg(json_build_object('date', day, 'tokens', tokens, 'cost_cents', cost_cents, 'runs', runs, 'credits', credits) order by day) from daily) as daily
        from calls`),

    marketplace: (period: MetricsPeriod) =>
      one<MarketplaceRow>(sql`
        with taken as (
          select e.agent_id, count(*)::int as purchases, count(*) filter (where e.created_at >= ${at(period.from)})::int as recent
          from user_purchased_agents e join users u on u.id = e.user_id where not u.is_deleted group by e.agent_id),
        there as (
          select a.id, a.name, a.slug, a.usage_count, coalesce(t.purchases, 0) as purchases, coalesce(t.recent, 0) as recent,
            a.is_active and (a.forked_by_user_id is null or a.is_published) as is_visible
          from agents a left join taken t on t.agent_id = a.id where a.item_type = 'agent'),
        taken_bases as (
          select e.base_id, count(*)::int as purchases, count(*) filter (where e.created_at >= ${at(period.from)})::int as recent
          from user_purchased_bases e join users u on u.id = e.user_id where not u.is_deleted group by e.base_id),
        offered as (
          select b.name, b.slug, b.downloads, b.visibility = 'public' as is_visible, coalesce(t.purchases, 0) as purchases, coalesce(t.recent, 0) as recent
          from bases b left join taken_bases t on t.base_id = b.id where b.is_active)
        select count(*)::int as agents, count(*) filter (where is_visible)::int as visible,
          count(*) filter (where is_visible and exists (
            select 1 from project_agents pa join projects p on p.id = pa.project_id join users u on u.id = p.owner_id
            where pa.agent_id = there.id and p.environment_status <> 'deleting' and not u.is_deleted))::int as adopted,
          coalesce(sum(purchases), 0)::int as purchases, coalesce(sum(recent), 0)::int as recent_purchases,
          (select coalesce(json_agg(x), '[]') from (
            select name, slug, purchases, usage_count from there where is_visible order by purchases desc, usage_count desc, slug limit 5) x) as popular,
          (select coalesce(json_agg(x), '[]') from (
            select name, slug, purchases, usage_count from there where is_visible order by usage_count desc, purchases desc, slug limit 5) x) as most_used,
          (select count(*)::int from offered) as bases,
          (select coalesce(sum(purchases), 0)::int from offered) as base_purchases,
          (select coalesce(sum(recent), 0)::int from offered) as recent_base_purchases,
          (select coalesce(json_agg(x), '[]') from (
            select name, slug, purchases, downloads from offered where is_visible order by downloads desc, purchases desc, slug limit 5) x) as popular_bases
        from there`),

    /** Payments and refunds from the ledger, including deleted users. Payouts to creators are not included. */
    revenue: (period: MetricsPeriod) =>
      one<RevenueMetrics>(sql`
        with moved as (
          select e.amount_cents, e.posting like 'payment:%' as is_payment, p.kind, p.stripe_subscription_id is not null as is_monthly
          from ledger_entries e join payments p on p.key = split_part(e.posting, ':', 2)
          where e.account = 'stripe' and (e.posting like 'payment:%' or e.posting like 'refund:%') and e.created_at >= ${at(period.from)})
        select coalesce(sum(amount_cents) filter (where is_payment), 0)::float8 as paid_cents,
          coalesce(-sum(amount_cents) filter (where not is_payment), 0)::float8 as refunded_cents,
          ${sql.join(
            ["subscription", "credits", "deploy_slot", "agent", "base"].map(
              (kind) => sql`coalesce(sum(amount_cents) filter (where kind = ${kind}), 0)::float8 as ${sql.identifier(kind)}`,
            ),
            sql`, `,
          )},
          coalesce(sum(amount_cents) filter (where kind in ('agent', 'base') and not is_monthly), 0)::float8 as marketplace_once,
          coalesce(sum(amount_cents) filter (where kind in ('agent', 'base') and is_monthly), 0)::float8 as marketplace_monthly
        from moved`),

    containers: () =>
      one<ContainersRow>(sql`
        select count(*) filter (where c.status = 'running')::int as running, count(*) filter (where c.status = 'starting')::int as starting,
          count(*) filter (where c.status = 'frozen')::int as frozen, count(*) filter (where c.status = 'failed')::int as failed,
          count(*) filter (where c.status = 'stopped')::int as stopped,
          count(distinct c.project_id) filter (where c.status in ('running', 'starting', 'frozen'))::int as running_projects
        from containers c join projects p on p.id = c.project_id join users u on u.id = p.owner_id
        where not u.is_deleted and p.environment_status <> 'deleting' and c.deployment_mode <> 'external'`),
  };
}

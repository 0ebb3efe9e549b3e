import type { AdminMetrics } from "@tesslate/contract";
import type { HostLoad } from "../../../platform/host-load.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { MetricsStore, RevenueMetrics, MetricsPeriod, UsageMetrics } from "./metrics.store.ts";

const dayMs = 86_400_000;
const notCounted = "These metrics are unavailable. The server log has the reason.";

/** The last `days` UTC days, including today. */
function periodOf(days: number, now: Date): MetricsPeriod {
  const today = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate());
  const iso = (ms: number) => new Date(ms).toISOString();
  const from = today - (days - 1) * dayMs;
  return {
    days,
    now: now.toISOString(),
    from: iso(from),
    before: iso(from - days * dayMs),
    week: iso(today - 6 * dayMs),
    day: iso(now.getTime() - dayMs),
    sevenDays: iso(now.getTime() - 7 * dayMs),
    fourteenDays: iso(now.getTime() - 14 * dayMs),
    month: iso(now.getTime() - 30 * dayMs),
  };
}

/** Metrics of the whole installation. A block whose source fails has an `error`; the others are unaffected. */
export type AdminMetricsOverview = ReturnType<typeof createAdminMetrics>;
export function createAdminMetrics({
  store,
  hostLoad,
  log,
  now = () => new Date(),
}: {
  store: MetricsStore;
  hostLoad: () => Promise<HostLoad>;
  log: Logger;
  now?: () => Date;
}) {
  return {
    overview: async (days: number): Promise<AdminMetrics> => {
      const period = periodOf(days, now());
      /** `undefined` when the source failed. */
      const measure = async <T>(block: string, work: () => Promise<T>): Promise<T | undefined> => {
        try {
          return await work();
        } catch (err) {
          log.error({ err, block }, "metrics query failed");
          return undefined;
        }
      };
      const [users, projects, sessions, usage, revenue, marketplace, containers, host] = await Promise.all([
        measure("users", () => store.users(period)),
        measure("projects", () => store.projects(period)),
        measure("sessions", () => store.sessions(period)),
        measure("usage", () => store.usage(period)),
        measure("revenue", () => store.revenue(period)),
        measure("marketplace", () => store.marketplace(period)),
        measure("containers", () => store.containers()),
        measure("host", hostLoad),
      ]);
      return {
        period_days: days,
        generated_at: period.now,
        users: usersBlock(users),
        projects: projectsBlock(projects),
        sessions: sessionsBlock(sessions),
        ...usageBlocks(days, usage),
        revenue: revenueBlock(revenue),
        marketplace: marketplaceBlock(marketplace, revenue),
        containers: containers ?? {
          running: 0,
          starting: 0,
          frozen: 0,
          failed: 0,
          stopped: 0,
          running_projects: 0,
          error: notCounted,
        },
        host: host ?? {
          cpus: 0,
          load: [0, 0, 0],
          memory_used_bytes: 0,
          memory_total_bytes: 0,
          disk_used_bytes: 0,
          disk_total_bytes: 0,
          uptime_seconds: 0,
          server_memory_bytes: 0,
          error: notCounted,
        },
      };
    },
  };
}

/** `undefined` when the source failed. */
type Found<K extends "users" | "projects" | "sessions"> = Awaited<ReturnType<MetricsStore[K]>> | undefined;
const usersBlock = (users: Found<"users">): AdminMetrics["users"] =>
  users
    ? {
        total: users.total,
        new_users: users.new_users,
        growth_rate: percent(users.new_users - users.previous, users.previous),
        dau: users.dau,
        mau: users.mau,
        retention_rate: percent(users.still_active, users.once_active),
        daily_new_users: users.daily,
      }
    : { total: 0, new_users: 0, growth_rate: 0, dau: 0, mau: 0, retention_rate: 0, daily_new_users: [], error: notCounted };

const projectsBlock = (projects: Found<"projects">): AdminMetrics["projects"] =>
  projects
    ? {
        total: projects.total,
        new_projects: projects.new_projects,
        new_this_week: projects.new_this_week,
        avg_per_user: ratio(projects.total, projects.users),
        git_enabled_projects: projects.git_enabled,
        deployed: projects.deployed,
        daily_projects: projects.daily,
      }
    : {
        total: 0,
        new_projects: 0,
        new_this_week: 0,
        avg_per_user: 0,
        git_enabled_projects: 0,
        deployed: 0,
        daily_projects: [],
        error: notCounted,
      };

const sessionsBlock = (sessions: Found<"sessions">): AdminMetrics["sessions"] =>
  sessions
    ? {
        total: sessions.total,
        total_this_week: sessions.total_this_week,
        unique_users: sessions.unique_users,
        avg_per_user: ratio(sessions.total, sessions.unique_users),
        avg_duration: rounded(sessions.avg_minutes),
        avg_messages_per_session: rounded(sessions.avg_messages),
        daily_sessions: sessions.daily,
      }
    : {
        total: 0,
        total_this_week: 0,
        unique_users: 0,
        avg_per_user: 0,
        avg_duration: 0,
        avg_messages_per_session: 0,
        daily_sessions: [],
        error: notCounted,
      };

const nothing: UsageMetrics = {
  tokens: 0,
  tokens_this_week: 0,
  cost_cents: 0,
  users: 0,
  runs: 0,
  runs_this_week: 0,
  run_calls: 0,
  credits: 0,
  forgiven: 0,
  own_key_requests: 0,
  by_model: {},
  top_users: [],
  daily: [],
};
/** Tokens, runs and credits from the same usage rows. */
function usageBlocks(days: number, found: UsageMetrics | undefined): Pick<AdminMetrics, "runs" | "tokens" | "credits"> {
  const row = found ?? nothing;
  const failed = found ? {} : { error: notCounted };
  return {
    runs: {
      total: row.runs,
      total_this_week: row.runs_this_week,
      avg_calls: ratio(row.run_calls, row.runs),
      daily_runs: row.daily.map(({ date, runs }) => ({ date, count: runs })),
      ...failed,
    },
    tokens: {
      total: row.tokens,
      total_this_week: row.tokens_this_week,
      total_cost_cents: row.cost_cents,
      active_users: row.users,
      avg_per_user: ratio(row.tokens, row.users),
      avg_cost_per_user_cents: ratio(row.cost_cents, row.users),
      daily_avg_tokens: ratio(row.tokens, days),
      tokens_by_model: row.by_model,
      top_users: row.top_users,
      daily_tokens: row.daily.map(({ date, tokens, cost_cents }) => ({ date, count: tokens, cost_cents })),
      ...failed,
    },
    credits: {
      spent: row.credits,
      forgiven: row.forgiven,
      own_key_requests: row.own_key_requests,
      daily_credits: row.daily.map(({ date, credits }) => ({ date, count: credits })),
      ...failed,
    },
  };
}

function revenueBlock(found: RevenueMetrics | undefined): AdminMetrics["revenue"] {
  const { paid_cents = 0, refunded_cents = 0, subscription = 0, credits = 0, deploy_slot = 0, agent = 0, base = 0 } = found ?? {};
  return {
    total_cents: paid_cents - refunded_cents,
    paid_cents,
    refunded_cents,
    by_kind_cents: { subscription, credits, deploy_slot, agent, base },
    ...(!found && { error: notCounted }),
  };
}

function marketplaceBlock(
  found: Awaited<ReturnType<MetricsStore["marketplace"]>> | undefined,
  revenue: RevenueMetrics | undefined,
): AdminMetrics["marketplace"] {
  const { marketplace_once = 0, marketplace_monthly = 0 } = revenue ?? {};
  const row = found ?? {
    agents: 0,
    visible: 0,
    adopted: 0,
    purchases: 0,
    recent_purchases: 0,
    popular: [],
    most_used: [],
    bases: 0,
    base_purchases: 0,
    recent_base_purchases: 0,
    popular_bases: [],
  };
  return {
    total_items: row.agents + row.bases,
    total_agents: row.agents,
    total_bases: row.bases,
    total_purchases: row.purchases + row.base_purchases,
    recent_purchases: row.recent_purchases + row.recent_base_purchases,
    total_revenue_cents: marketplace_once + marketplace_monthly,
    revenue_by_type_cents: { monthly: marketplace_monthly, one_time: marketplace_once, usage: 0 },
    agents: {
      total: row.agents,
      total_purchases: row.purchases,
      recent_purchases: row.recent_purchases,
      adoption_rate: percent(row.adopted, row.visible),
      popular: row.popular,
      most_used: row.most_used,
    },
    bases: {
      total: row.bases,
      total_purchases: row.base_purchases,
      recent_purchases: row.recent_base_purchases,
      popular: row.popular_bases,
    },
    ...((!found || !revenue) && { error: notCounted }),
  };
}

const rounded = (value: number) => Math.round(value * 100) / 100;
const ratio = (part: number, whole: number) => (whole === 0 ? 0 : rounded(part / whole));
const percent = (part: number, whole: number) => ratio(part * 100, whole);

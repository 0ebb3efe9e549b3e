import type { TProperties } from "typebox";
import { described, ModelCost, Nullable, Timestamp, Type, Uuid, type Static } from "./schema.ts";
import { route } from "./route.ts";

/** A day of a series in UTC, `YYYY-MM-DD`. Every day of the period is present. */
const date = Type.String({ format: "date" });
const Count = Type.Integer({ minimum: 0 });
const DayCount = Type.Object({ date, count: Count });
/** Rounded to two decimals. */
const Ratio = Type.Number();

/** `error`: why this block could not be computed; its numbers are then zero. */
const block = <T extends TProperties>(properties: T) => Type.Object({ ...properties, error: Type.Optional(Type.String()) });

export const AdminMetrics = described(
  "Numbers of the installation. `*_this_week` counts the last seven days whatever the period is; deleted users are left out.",
  Type.Object({
    period_days: Type.Integer({ minimum: 1, maximum: 365, description: "Days of the period; the last is today so far" }),
    generated_at: Timestamp,
    users: block({
      total: Count,
      new_users: Count,
      growth_rate: Ratio,
      dau: Type.Integer({ minimum: 0, description: "Users who created a project or a chat in the last 24 hours" }),
      mau: Type.Integer({ minimum: 0, description: "Users who created a project or a chat in the last 30 days" }),
      retention_rate: Ratio,
      daily_new_users: Type.Array(DayCount),
    }),
    projects: block({
      total: Count,
      new_projects: Count,
      new_this_week: Count,
      avg_per_user: Ratio,
      git_enabled_projects: Count,
      deployed: Count,
      daily_projects: Type.Array(DayCount),
    }),
    sessions: block({
      total: Count,
      total_this_week: Count,
      unique_users: Count,
      avg_per_user: Ratio,
      avg_duration: Type.Number({ description: "Minutes between the first and the last message, of chats with at least two" }),
      avg_messages_per_session: Ratio,
      daily_sessions: Type.Array(DayCount),
    }),
    runs: block({
      total: Type.Integer({ minimum: 0, description: "Runs of the agent that called a model" }),
      total_this_week: Count,
      avg_calls: Type.Number({ description: "Model calls per run" }),
      daily_runs: Type.Array(DayCount),
    }),
    tokens: block({
      total: Count,
      total_this_week: Count,
      total_cost_cents: ModelCost,
      active_users: Count,
      avg_per_user: Ratio,
      avg_cost_per_user_cents: ModelCost,
      daily_avg_tokens: Ratio,
      tokens_by_model: Type.Record(Type.String(), Type.Object({ tokens: Count, cost_cents: ModelCost, requests: Count })),
      top_users: Type.Array(
        Type.Object({ user_id: Uuid, username: Type.String(), total_tokens: Count, total_cost_cents: ModelCost, last_used: Timestamp }),
      ),
      daily_tokens: Type.Array(Type.Object({ date, count: Count, cost_cents: ModelCost })),
    }),
    credits: block({
      spent: Count,
      forgiven: described("Credits that were due and could not be charged", Count),
      own_key_requests: described("Calls with a key of the user's own, which cost no credits", Count),
      daily_credits: Type.Array(DayCount),
    }),
    revenue: block({
      total_cents: Type.Integer({
        description:
          "Payments of the period for plans, credits, deploy slots, agents and templates, minus refunds of the period. Fees and creators' shares are not deducted",
      }),
      paid_cents: Count,
      refunded_cents: Type.Integer({ description: "Refunds and lost disputes, minus won disputes" }),
      by_kind_cents: Type.Object(
        { subscription: Type.Integer(), credits: Type.Integer(), deploy_slot: Type.Integer(), agent: Type.Integer(), base: Type.Integer() },
        { description: "The parts of `total_cents`" },
      ),
    }),
    marketplace: block({
      total_items: Count,
      total_agents: Count,
      total_bases: Count,
      total_purchases: Count,
      recent_purchases: Count,
      total_revenue_cents: Type.Integer({ description: "The part of `revenue.total_cents` from agents and templates" }),
      revenue_by_type_cents: Type.Object({ monthly: Type.Integer(), one_time: Type.Integer(), usage: Type.Integer() }),
      agents: Type.Object({
        total: Count,
        total_purchases: Count,
        recent_purchases: Count,
        adoption_rate: Ratio,
        popular: Type.Array(Type.Object({ name: Type.String(), slug: Type.String(), purchases: Count, usage_count: Count })),
        most_used: Type.Array(Type.Object({ name: Type.String(), slug: Type.String(), purchases: Count, usage_count: Count })),
      }),
      bases: Type.Object({
        total: Count,
        total_purchases: Count,
        recent_purchases: Count,
        popular: Type.Array(Type.Object({ name: Type.String(), slug: Type.String(), purchases: Count, downloads: Count })),
      }),
    }),
    containers: described(
      "The current state",
      block({ running: Count, starting: Count, frozen: Count, failed: Count, stopped: Count, running_projects: Count }),
    ),
    host: block({
      cpus: Count,
      load: described("Load averages over 1, 5 and 15 minutes", Type.Array(Type.Number(), { minItems: 3, maxItems: 3 })),
      memory_used_bytes: Count,
      memory_total_bytes: Count,
      disk_used_bytes: described("Of the file system that holds the data folder", Count),
      disk_total_bytes: Count,
      uptime_seconds: described("Of this server process", Count),
      server_memory_bytes: Count,
    }),
  }),
);
export type AdminMetrics = Static<typeof AdminMetrics>;

export const Trend = described(
  "One measure per day, beside the same day of the period before.",
  Type.Object({
    total: described(
      "Of the period: the sum, the rate, the average of active users per day, or the last value of the disk. Null: not measured",
      Nullable(Type.Number()),
    ),
    previous_total: Nullable(Type.Number()),
    days: Type.Array(Type.Object({ date, value: Nullable(Type.Number()), previous: Nullable(Type.Number()) })),
  }),
);
export type Trend = Static<typeof Trend>;
export const AdminTrends = described(
  "How the installation develops over a period, in UTC days.",
  Type.Object({
    period_days: Type.Integer({ minimum: 1, maximum: 180 }),
    generated_at: Timestamp,
    new_users: Trend,
    active_users: described("Users who created a project or a chat, or whose runs called a model", Trend),
    runs: described("Runs that called a model", Trend),
    success_rate: described("Completed runs among those that completed or failed, from 0 to 1", Trend),
    credits: Trend,
    revenue_cents: described("Payments minus refunds", Trend),
    failures: described("Failed runs and failed deployments", Trend),
    disk_bytes: described("Used bytes of the file system that holds the data folder, measured every hour", Trend),
  }),
);
export type AdminTrends = Static<typeof AdminTrends>;

export const adminMetricsRoutes = {
  trends: route({
    method: "GET",
    path: "/api/admin/metrics/trends",
    tag: "admin-operations",
    summary: "Get trends",
    description: "Users, runs, credits, revenue, failures and disk use per day, each with the period before.",
    auth: "superuser",
    query: Type.Object({ days: Type.Optional(Type.Integer({ minimum: 1, maximum: 180, default: 30 })) }),
    response: AdminTrends,
  }),
  overview: route({
    method: "GET",
    path: "/api/admin/metrics",
    tag: "admin-operations",
    summary: "Get metrics",
    description: "Numbers of users, projects, runs, tokens, revenue and the host over a period.",
    auth: "superuser",
    query: Type.Object({ days: Type.Optional(Type.Integer({ minimum: 1, maximum: 365, default: 7 })) }),
    response: AdminMetrics,
  }),
};

import type { AdminTrends, Trend } from "@tesslate/contract";
import type { HostLoad } from "../../../platform/host-load.ts";
import type { JobHandlers } from "../../../platform/jobs.ts";
import type { DayRow, TrendsStore } from "./trends.store.ts";

const dayMs = 86_400_000;
const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
const rateOf = (rows: readonly DayRow[]): number | null => {
  const ended = sum(rows.map(({ ended_runs }) => ended_runs));
  return ended === 0 ? null : 1 - sum(rows.map(({ failed_runs }) => failed_runs)) / ended;
};
const lastOf = (rows: readonly DayRow[]): number | null => rows.findLast(({ disk_bytes }) => disk_bytes !== null)?.disk_bytes ?? null;

export type AdminTrendsService = ReturnType<typeof createAdminTrends>;
/** How the installation develops: each measure per day, beside the period before. */
export function createAdminTrends({
  store,
  hostLoad,
  now = () => new Date(),
}: {
  store: TrendsStore;
  hostLoad: () => Promise<Pick<HostLoad, "disk_used_bytes">>;
  now?: () => Date;
}) {
  return {
    /** The last `days` UTC days including today, and as many before them. */
    trends: async (days: number): Promise<AdminTrends> => {
      const moment = now();
      const today = Date.UTC(moment.getUTCFullYear(), moment.getUTCMonth(), moment.getUTCDate());
      const rows = await store.days(new Date(today - (2 * days - 1) * dayMs).toISOString());
      const [before, current] = [rows.slice(0, days), rows.slice(-days)];
      const trend = (valueOf: (row: DayRow) => number | null, totalOf: (of: readonly DayRow[]) => number | null): Trend => ({
        total: totalOf(current),
        previous_total: totalOf(before),
        days: current.map((row, index) => ({
          date: row.date,
          value: valueOf(row),
          previous: before[index] === undefined ? null : valueOf(before[index]),
        })),
      });
      const counted = (valueOf: (row: DayRow) => number) => trend(valueOf, (of) => sum(of.map(valueOf)));
      return {
        period_days: days,
        generated_at: moment.toISOString(),
        new_users: counted(({ new_users }) => new_users),
        // A person who is active on two days counts once a day, so days are averaged.
        active_users: trend(
          ({ active_users }) => active_users,
          (of) => Math.round((10 * sum(of.map(({ active_users }) => active_users))) / Math.max(1, of.length)) / 10,
        ),
        runs: counted(({ runs }) => runs),
        success_rate: trend((row) => rateOf([row]), rateOf),
        credits: counted(({ credits }) => credits),
        revenue_cents: counted(({ revenue_cents }) => revenue_cents),
        failures: counted(({ failed_runs, failed_deployments }) => failed_runs + failed_deployments),
        disk_bytes: trend(({ disk_bytes }) => disk_bytes, lastOf),
      };
    },
    jobHandlers: {
      measure_server: async () => store.keepDays((await hostLoad()).disk_used_bytes),
    } satisfies JobHandlers,
  };
}

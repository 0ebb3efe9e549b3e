export const periods = { month: "This month", last: "Last month", thirty: "Last 30 days", ninety: "Last 90 days" } as const;
export type Period = keyof typeof periods;
export const groups = { day: "Day", project: "Project", model: "Model", agent: "Agent" } as const;
export type GroupBy = keyof typeof groups;

const dayMs = 86_400_000;

/** A window of time in UTC, as the server counts days. */
export function windowOf(period: Period, now: Date): { start_date: string; end_date: string } {
  const month = (offset: number) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset, 1));
  const midnight = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate());
  /** The end changes once a day, so that the query key of a window does not change every second. */
  const end = new Date(midnight + dayMs);
  switch (period) {
    case "month":
      return { start_date: month(0).toISOString(), end_date: end.toISOString() };
    case "last":
      return { start_date: month(-1).toISOString(), end_date: month(0).toISOString() };
    case "thirty":
      return { start_date: new Date(midnight - 29 * dayMs).toISOString(), end_date: end.toISOString() };
    case "ninety":
      return { start_date: new Date(midnight - 89 * dayMs).toISOString(), end_date: end.toISOString() };
  }
}

/** Every day of a window, including days without calls: `2026-01-31`. */
export function daysInWindow({ start_date, end_date }: { start_date: string; end_date: string }): string[] {
  const days: string[] = [];
  for (let at = Date.parse(start_date); at < Date.parse(end_date); at += dayMs) days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}

/** The days of this month after today, which the chart of this month has room for. */
export function daysToCome(period: Period, now: Date): string[] {
  if (period !== "month") return [];
  const { end_date } = windowOf("month", now);
  return daysInWindow({ start_date: end_date, end_date: new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)).toISOString() });
}

/** Average credits per day, and the day on which the balance would run out; undefined if nothing was used. */
export function paceOf(
  balance: number,
  used: readonly { key: string | null; credits_deducted: number }[],
  days: number,
  now: Date,
): { perDay: number; endsOn: Date | undefined } | undefined {
  const total = used.reduce((sum, one) => sum + one.credits_deducted, 0);
  if (total === 0 || days === 0) return undefined;
  const perDay = total / days;
  const left = balance / perDay;
  return { perDay, endsOn: left > 3650 ? undefined : new Date(now.getTime() + left * dayMs) };
}

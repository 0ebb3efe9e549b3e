import { vi } from "vitest";
import type { TestApp } from "./app.ts";

/** Resolves once `count` statements in this database wait for a row lock. */
export function lockWaiters({ studio }: Pick<TestApp, "studio">, count = 1): Promise<void> {
  return vi.waitFor(async () => {
    const { rows } = await studio.database.pool.query(
      "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    if (rows.length < count) throw new Error(`${rows.length} of ${count} statements wait for a lock`);
  });
}

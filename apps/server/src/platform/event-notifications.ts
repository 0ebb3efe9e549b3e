import type { EventRow as LoggedEvent } from "../db/schema/core.ts";
import type { Bus } from "./bus.ts";
import type { Logger } from "./logger.ts";

/** A committed event as readers get it. */
export type EventRow = Omit<LoggedEvent, "append_id">;

/** Tells the other servers what was committed. */
export interface EventNotifications {
  /** Sends these rows after those before. Rows that arrive while a notification is sent form the next one. */
  send(rows: readonly EventRow[]): void;
  /** Resolves when everything was sent. */
  sent(): Promise<void>;
}

interface Notification {
  from: number;
  /** Projects with new events. */
  ids: string[];
  /** All of these events, in order. Without them they are read from the table. */
  rows?: EventRow[];
}

const channel = "project_events";
/** PostgreSQL delivers less than 8000 bytes. */
const maxBytes = 7_900;
/** A longer queue is sent as ids of projects: reading the table once costs less than many notifications. */
const maxQueuedRows = 100;

export function createEventNotifications({
  bus,
  processId,
  onRows,
  onChange,
  log,
}: {
  bus: Bus;
  processId: number;
  /** Called with rows that another server has committed. */
  onRows(rows: EventRow[]): void;
  /** Called with projects in which another server has committed events. */
  onChange(projectIds: ReadonlySet<string>): void;
  log: Logger;
}): EventNotifications {
  const queue: EventRow[] = [];
  let sending: Promise<void> | undefined;

  bus.listen<Notification>(channel, ({ from, ids, rows }) => {
    if (from === processId) return;
    if (rows) onRows(rows);
    else onChange(new Set(ids));
  });

  /** Removes as much from the queue as fits into one notification. */
  const take = (): Notification => {
    const hasRows = queue.length <= maxQueuedRows;
    const ids = new Set<string>();
    let bytes = 100;
    let count = 0;
    for (const row of queue) {
      bytes += (ids.has(row.project_id) ? 0 : row.project_id.length + 3) + (hasRows ? Buffer.byteLength(JSON.stringify(row)) + 1 : 0);
      if (bytes > maxBytes) break;
      ids.add(row.project_id);
      count += 1;
    }
    // The first row alone is too large.
    if (count === 0) return { from: processId, ids: queue.splice(0, 1).map((row) => row.project_id) };
    const rows = queue.splice(0, count);
    return { from: processId, ids: [...ids], ...(hasRows && { rows }) };
  };
  const drain = async () => {
    while (queue.length > 0) await bus.notify(channel, take()).catch((err: unknown) => log.warn({ err }, "notify failed"));
  };

  return {
    send: (rows) => {
      queue.push(...rows);
      if (queue.length > 0) sending ??= drain().finally(() => (sending = undefined));
    },
    sent: async () => sending,
  };
}

import pg from "pg";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";

/**
 * LISTEN/NOTIFY between processes; the tables are the source of truth. Payloads are small JSON.
 * `onReconnect` fires after a reconnect: notifications may have been missed, so listeners must read their tables again.
 */
export interface Bus {
  listen<T>(channel: string, handler: (payload: T) => void): void;
  notify(channel: string, payload: unknown): Promise<void>;
  onReconnect(handler: () => void): void;
  /** False while notifications cannot be received. */
  isConnected(): boolean;
  close(): Promise<void>;
}

export async function createBus(pool: pg.Pool, connection: pg.ClientConfig, log: Logger): Promise<Bus> {
  const handlers = new Map<string, ((payload: never) => void)[]>();
  const reconnects: (() => void)[] = [];
  let client: pg.Client | undefined;
  let isClosed = false;
  let listening: Promise<void> = Promise.resolve();

  const connect = async () => {
    const next = new pg.Client({ ...connection, application_name: "tesslate-studio bus" });
    next.on("error", () => undefined);
    await next.connect();
    next.on("notification", ({ channel, payload }) => {
      for (const handler of handlers.get(channel) ?? [])
        try {
          handler(JSON.parse(payload ?? "null") as never);
        } catch (err) {
          log.error({ err, channel }, "bus listener failed");
        }
    });
    try {
      for (const channel of handlers.keys()) await next.query(`listen ${pg.escapeIdentifier(channel)}`);
    } catch (cause) {
      await next.end().catch(() => undefined);
      throw cause;
    }
    client = next;
    next.once("end", () => void reconnect());
  };
  const reconnect = async () => {
    client = undefined;
    for (let attempt = 0; !isClosed; attempt++) {
      await sleep(Math.min(50 * 2 ** attempt, 5000), undefined, { ref: false });
      try {
        if (isClosed) return;
        await connect();
        for (const handler of reconnects) handler();
        return;
      } catch (err) {
        log.debug({ err }, "bus not connected yet");
      }
    }
  };
  await connect();
  return {
    listen(channel, handler) {
      const known = handlers.get(channel);
      if (known) known.push(handler as (payload: never) => void);
      else {
        handlers.set(channel, [handler as (payload: never) => void]);
        // Serialized, because a connection runs one query at a time. A failed LISTEN is repeated at the reconnect.
        const on = client;
        listening = listening.then(async () => {
          if (on && on === client) await on.query(`listen ${pg.escapeIdentifier(channel)}`);
        });
        listening = listening.catch((err: unknown) => log.warn({ err, channel }, "listen failed"));
      }
    },
    notify: async (channel, payload) => {
      await pool.query("select pg_notify($1, $2)", [channel, JSON.stringify(payload)]);
    },
    onReconnect: (handler) => void reconnects.push(handler),
    isConnected: () => client !== undefined,
    close: async () => {
      isClosed = true;
      await client?.end().catch(() => undefined);
    },
  };
}

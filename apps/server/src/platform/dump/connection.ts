import pg from "pg";
import { LimitedSocket } from "../limited-socket.ts";

/** Host and user of a PostgreSQL server. */
export interface DumpTarget {
  host: string;
  port: number;
  user: string;
  password: string;
  /** The database to connect to. */
  database: string;
}

/** Maximum size of one protocol message; larger rows cannot be dumped. */
const maxMessageBytes = 64 * 2 ** 20;
const connectMs = 10_000;

/**
 * Runs work on a dedicated connection. The peer is project code and untrusted: messages are limited in size and an abort closes
 * the connection, so that it can neither hang nor exhaust memory.
 */
export async function onDatabase<T>(
  target: DumpTarget,
  database: string,
  signal: AbortSignal,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const socket = new LimitedSocket(maxMessageBytes);
  const client = new pg.Client({
    ...target,
    database,
    ssl: false,
    stream: () => socket,
    connectionTimeoutMillis: connectMs,
    application_name: "studio-snapshots",
  });
  const failure = new Promise<never>((_, reject) => client.on("error", reject));
  failure.catch(() => {});
  const stop = () => socket.destroy(new Error("cancelled"));
  signal.addEventListener("abort", stop, { once: true });
  try {
    await Promise.race([client.connect(), failure]);
    return await Promise.race([work(client), failure]);
  } finally {
    signal.removeEventListener("abort", stop);
    await Promise.race([client.end().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
    socket.destroy();
  }
}

export const quoteIdentifier = pg.escapeIdentifier;
export const quoteLiteral = pg.escapeLiteral;

import pg from "pg";
import type { SandboxPort } from "@tesslate/runtime";
import { limitMessages, LimitedStream } from "../limited-stream.ts";

/** Where a PostgreSQL server is, and a user of it. */
export interface DumpTarget {
  at: Pick<SandboxPort, "connect">;
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
  const { at, user, password } = target;
  const stream = new LimitedStream((options) => at.connect(options), limitMessages(maxMessageBytes));
  const client = new pg.Client({
    user,
    password,
    database,
    ssl: false,
    stream: () => stream as never,
    connectionTimeoutMillis: connectMs,
    application_name: "studio-snapshots",
  });
  const failure = new Promise<never>((_, reject) => client.on("error", reject));
  failure.catch(() => {});
  const stop = () => stream.destroy(new Error("cancelled"));
  signal.addEventListener("abort", stop, { once: true });
  try {
    await Promise.race([client.connect(), failure]);
    return await Promise.race([work(client), failure]);
  } finally {
    signal.removeEventListener("abort", stop);
    await Promise.race([client.end().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
    stream.destroy();
  }
}

export const quoteIdentifier = pg.escapeIdentifier;
export const quoteLiteral = pg.escapeLiteral;

import { Socket } from "node:net";
import pg from "pg";

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
  const socket = new LimitedSocket();
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

/** Tracks message frames (type byte, four length bytes) in the stream without buffering them. */
class LimitedSocket extends Socket {
  #head: Buffer = Buffer.alloc(0);
  #left = 0;

  override push(chunk: Buffer | null): boolean {
    return super.push(chunk && this.#isFine(chunk) ? chunk : null);
  }
  #isFine(chunk: Buffer): boolean {
    for (let at = 0; at < chunk.length;) {
      const taken = Math.min(this.#left > 0 ? this.#left : 5 - this.#head.length, chunk.length - at);
      if (this.#left > 0) this.#left -= taken;
      else this.#head = Buffer.concat([this.#head, chunk.subarray(at, at + taken)]);
      at += taken;
      if (this.#head.length < 5) continue;
      this.#left = this.#head.readUInt32BE(1) - 4;
      this.#head = Buffer.alloc(0);
      if (this.#left >= 0 && this.#left <= maxMessageBytes) continue;
      this.destroy(new Error(`a value of the database is larger than ${maxMessageBytes / 2 ** 20} MiB`));
      return false;
    }
    return true;
  }
}

export const quoteIdentifier = pg.escapeIdentifier;
export const quoteLiteral = pg.escapeLiteral;

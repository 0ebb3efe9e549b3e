import type { SandboxPort } from "@tesslate/runtime";
import { Redis } from "ioredis";
import { AppError } from "../../../../platform/errors.ts";
import { limitAnswers, LimitedStream } from "../../../../platform/limited-stream.ts";
import { canceled, maxPageBytes, timedOut } from "../engine.ts";

const connectMs = 5_000;
/** Most bytes of all answers of one use: a page, and the frame around its values. */
const maxBytes = maxPageBytes + 2 ** 20;

/** Where a running Redis is, and its password. */
export interface RedisTarget {
  at: SandboxPort;
  password: string;
}
/** An answer: texts are bytes. */
export type Reply = Buffer | number | null | Error | Reply[];
export interface RedisSession {
  /** Runs one command. Errors of the database are thrown as `RedisFailure`. */
  send(command: string, ...values: (string | Buffer | number)[]): Promise<Reply>;
}
/** An error that Redis answered with. */
export class RedisFailure extends Error {
  override readonly name = "RedisFailure";
}

/**
 * Calls `work` with a connection of its own, so that ending it ends what it waits for. Throws `database_unreachable`, `payload_too_large`,
 * `query_timeout` and `query_canceled`.
 */
export async function withRedis<T>(
  { at, password }: RedisTarget,
  { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
  work: (session: RedisSession) => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw canceled();
  // It ends when more arrives than a page can have.
  const stream = new LimitedStream(
    ({ signal: closed }) => at.connect({ signal: AbortSignal.any([closed, AbortSignal.timeout(connectMs)]) }),
    limitAnswers(maxBytes),
  );
  let lost: Error | undefined;
  stream.on("error", (error) => (lost = error));
  const client = new Redis({
    lazyConnect: true,
    protocol: 2,
    password,
    enableReadyCheck: false,
    enableAutoPipelining: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    disableClientInfo: true,
    Connector: class {
      check = () => true;
      connect = () =>
        new Promise((resolve, reject) => {
          stream
            .once("connect", () => resolve(stream))
            .once("error", reject)
            .connect();
        });
      disconnect = () => void stream.destroy();
    } as never,
  });
  client.on("error", (error: Error) => (lost ??= error));
  let isTimedOut = false;
  const stop = () => client.disconnect();
  const timer = setTimeout(() => {
    isTimedOut = true;
    stop();
  }, timeoutMs);
  signal.addEventListener("abort", stop, { once: true });
  try {
    await client.connect();
    return await work({
      send: async (command, ...values) => {
        try {
          return (await client.callBuffer(command, values)) as Reply;
        } catch (error) {
          if (error instanceof Error && error.name === "ReplyError") throw new RedisFailure(error.message, { cause: error });
          throw error;
        }
      },
    });
  } catch (error) {
    if (signal.aborted) throw canceled(error);
    if (isTimedOut) throw timedOut(timeoutMs, error);
    if (lost?.message.includes("too large"))
      throw new AppError(
        "payload_too_large",
        "The answer is larger than 4 MB. Read a part of the value, for example with GETRANGE, LRANGE or HSCAN.",
        {
          cause: error,
        },
      );
    if (error instanceof AppError || error instanceof RedisFailure) throw error;
    const isRefused = /WRONGPASS|NOAUTH|invalid password/i.test(`${String(error)} ${String(lost)}`);
    throw new AppError(
      "database_unreachable",
      isRefused
        ? "Redis refused the password of its container. If you changed REDIS_PASSWORD, restart the container."
        : "Redis didn't respond. Look at the logs of its container.",
      { cause: lost ?? error },
    );
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    client.disconnect();
  }
}

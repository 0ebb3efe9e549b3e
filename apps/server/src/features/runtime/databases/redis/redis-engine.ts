import type { RedisChange, RedisInfo, RedisKeyPage, RedisReply, RedisValue } from "@tesslate/contract";
import { AppError, badRequest } from "../../../../platform/errors.ts";
import { browseTimeoutMs, changeTimeoutMs } from "../engine.ts";
import { parseCommand, printReply, requireAllowed } from "./commands.ts";
import { RedisFailure, withRedis, type RedisSession, type RedisTarget } from "./connections.store.ts";
import { changeKey, readInfo, readValue, scanKeys } from "./keys.store.ts";

const commandTimeoutMs = 30_000;

export type RedisEngine = ReturnType<typeof createRedisEngine>;
/** Reads and changes the Redis of a container. */
export function createRedisEngine(target: RedisTarget) {
  const use = async <T>(signal: AbortSignal, timeoutMs: number, work: (session: RedisSession) => Promise<T>): Promise<T> => {
    try {
      return await withRedis(target, { signal, timeoutMs }, work);
    } catch (error) {
      if (!(error instanceof RedisFailure)) throw error;
      const message = error.message.slice(0, 1_000);
      throw new AppError("sql_error", /[.!?]$/.test(message) ? message : `${message}.`, { cause: error, details: { message } });
    }
  };
  return {
    keys: (
      {
        limit = 100,
        ...request
      }: { pattern?: string | undefined; type?: string | undefined; cursor?: string | undefined; limit?: number | undefined },
      signal: AbortSignal,
    ): Promise<RedisKeyPage> => use(signal, browseTimeoutMs, (session) => scanKeys(session, { ...request, limit })),
    value: (
      {
        key,
        is_binary: isBinary = false,
        cursor,
        limit = 100,
      }: { key: string; is_binary?: boolean | undefined; cursor?: string | undefined; limit?: number | undefined },
      signal: AbortSignal,
    ): Promise<RedisValue> => use(signal, browseTimeoutMs, (session) => readValue(session, { key, isBinary, cursor, limit })),
    info: (signal: AbortSignal): Promise<RedisInfo> => use(signal, browseTimeoutMs, readInfo),
    change: (change: RedisChange, signal: AbortSignal): Promise<RedisChange | null> =>
      use(signal, changeTimeoutMs, (session) => changeKey(session, change)),
    run: async ({ command, write }: { command: string; write: boolean }, signal: AbortSignal): Promise<RedisReply> => {
      const values = parseCommand(command);
      requireAllowed(values, write);
      const [name, ...rest] = values;
      if (!name) throw badRequest("Enter a command.");
      const begin = performance.now();
      const reply = await use(signal, commandTimeoutMs, ({ send }) => send(String(name), ...rest));
      return { ...printReply(reply), duration_ms: Math.round(performance.now() - begin) };
    },
  };
}

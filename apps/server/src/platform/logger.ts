import { pino, type DestinationStream, type Logger } from "pino";

import type { WorkContext } from "./work-context.ts";

/** Fields that are never logged. */
const redacted = [
  "password",
  "token",
  "secret",
  "api_key",
  "authorization",
  "cookie",
  "set_cookie",
  "refresh_token",
  "access_token",
  "ticket",
  "setup_token",
].flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

export type { Logger };

/** Logs message, code and stack of an error, never attached objects (clients, requests, rows). */
function errorFields(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const { code, cause } = error as Error & { code?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...(code !== undefined && { code }),
    stack: error.stack,
    ...(cause !== undefined && depth < 3 && { cause: errorFields(cause, depth + 1) }),
  };
}

/** Ids of the work that logs, except those that the logger has itself: a key must not be there twice. */
function mixinOf(work: Pick<WorkContext, "ids">) {
  const own = new WeakMap<Logger, readonly string[]>();
  return (_line: object, _level: number, logger: Logger): object => {
    const ids = work.ids();
    if (!ids) return {};
    let names = own.get(logger);
    if (!names) {
      names = Object.keys(logger.bindings());
      own.set(logger, names);
    }
    const known = names;
    return Object.fromEntries(Object.entries(ids).filter(([name]) => !known.includes(name)));
  };
}

/** JSON lines with constant lowercase messages and structured fields. `work`: whose ids each line gets. */
export const createLogger = (level: string, destination?: DestinationStream, work?: Pick<WorkContext, "ids">): Logger =>
  pino(
    {
      level,
      ...(work && { mixin: mixinOf(work) }),
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: (error: unknown) => errorFields(error) },
      redact: { paths: redacted, censor: "[redacted]" },
      formatters: { level: (label) => ({ level: label }) },
    },
    destination ?? pino.destination({ fd: 2, sync: false }),
  );

import { pino, type DestinationStream, type Logger } from "pino";

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

/** JSON lines with constant lowercase messages and structured fields. */
export const createLogger = (level: string, destination?: DestinationStream): Logger =>
  pino(
    {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: (error: unknown) => errorFields(error) },
      redact: { paths: redacted, censor: "[redacted]" },
      formatters: { level: (label) => ({ level: label }) },
    },
    destination ?? pino.destination({ fd: 2, sync: false }),
  );

import { pino, type DestinationStream, type Logger } from "pino";

/** The one list of what never reaches a log. */
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

/** JSON lines with constant lowercase messages and facts as fields. */
export const createLogger = (level: string, destination?: DestinationStream): Logger =>
  pino(
    {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: redacted, censor: "[redacted]" },
      formatters: { level: (label) => ({ level: label }) },
    },
    destination ?? pino.destination({ fd: 2, sync: false }),
  );

import { errorCodes, type ErrorCode } from "@tesslate/contract";

/**
 * The one error a service throws. `message` is a sentence for the person who called; `details` are facts for their client;
 * the technical reason goes into `cause` and only into the log. Status and rendering are decided in `http/errors.ts`.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;
  /** Seconds after which a `rate_limited` call may be tried again. */
  readonly retryAfterSeconds: number | undefined;
  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: Record<string, unknown>; retryAfterSeconds?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
  get status(): number {
    return errorCodes[this.code].status;
  }
}

/** A 422 found by a service: rendered in the form of the schema validator's. */
export class InvalidInput extends Error {
  override readonly name = "InvalidInput";
  readonly issues: { loc: (string | number)[]; msg: string; type: string }[];
  constructor(issues: { loc: (string | number)[]; msg: string; type: string }[]) {
    super(issues[0]?.msg ?? "invalid input");
    this.issues = issues;
  }
}

/** "Not yours" and "not there" are this one answer. */
export const notFound = (what: string) => new AppError("not_found", `${what} not found.`);
export const badRequest = (message: string, code: ErrorCode = "bad_request", details?: Record<string, unknown>) =>
  new AppError(code, message, { details });
export const conflict = (code: ErrorCode, message: string, details?: Record<string, unknown>) => new AppError(code, message, { details });
export const forbidden = (code: ErrorCode, message: string) => new AppError(code, message);
/** For people and programs alike: the screen never shows it, it asks to sign in. */
const signIn = "Sign in, or send an API key as `Authorization: Bearer tsk_…`. Keys are created in Settings, API keys.";
export const unauthorized = (message = signIn, code: ErrorCode = "unauthorized") => new AppError(code, message);
/** An `Idempotency-Key` that came with another request before. */
export const keyReused = () =>
  invalid(
    ["header", "Idempotency-Key"],
    "This key was used with another request. Use a new key for each request",
    "idempotency_key_reused",
  );
export const invalid = (loc: (string | number)[], msg: string, type = "value_error") => new InvalidInput([{ loc, msg, type }]);

/** For people, when the disk of the server or of its database is full. */
export const diskFullMessage = "This server's disk is full. Whoever runs it has to free space.";

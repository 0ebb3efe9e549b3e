import { errorCodes, type ErrorCode, type LimitDetails } from "@tesslate/contract";

/**
 * The error that services throw. `message` is shown to the user, `details` are for their client;
 * the technical reason goes into `cause`, which is only logged. `http/errors.ts` decides status and body.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;
  /** Seconds until a `rate_limited` call can be retried. */
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

/** A 422 from a service, rendered like a schema validation error. */
export class InvalidInput extends Error {
  override readonly name = "InvalidInput";
  readonly issues: { loc: (string | number)[]; msg: string; type: string }[];
  constructor(issues: { loc: (string | number)[]; msg: string; type: string }[]) {
    super(issues[0]?.msg ?? "invalid input");
    this.issues = issues;
  }
}

/** The same error for missing objects and objects of other users. */
export const notFound = (what: string) => new AppError("not_found", `${what} not found.`);
export const badRequest = (message: string, code: ErrorCode = "bad_request", details?: Record<string, unknown>) =>
  new AppError(code, message, { details });
export const conflict = (code: ErrorCode, message: string, details?: Record<string, unknown>) => new AppError(code, message, { details });
/** An error about a limit: `details` has how much of it is used, and what else the client needs. */
export const limitReached = (
  code: ErrorCode,
  message: string,
  { unit = "count", ...details }: Omit<LimitDetails, "unit"> & { unit?: LimitDetails["unit"] } & Record<string, unknown>,
) => new AppError(code, message, { details: { ...details, unit } });
export const forbidden = (code: ErrorCode, message: string) => new AppError(code, message);
/** For API clients; the web UI shows the sign-in page instead. */
const signIn = "Sign in, or send an API key as `Authorization: Bearer tsk_…`. Keys are created in Settings, API keys.";
export const unauthorized = (message = signIn, code: ErrorCode = "unauthorized") => new AppError(code, message);
/** An `Idempotency-Key` that was used with another request. */
export const keyReused = () =>
  invalid(
    ["header", "Idempotency-Key"],
    "This key was used with another request. Use a new key for each request",
    "idempotency_key_reused",
  );
export const invalid = (loc: (string | number)[], msg: string, type = "value_error") => new InvalidInput([{ loc, msg, type }]);

/** Message for a full disk of the server or its database. */
export const diskFullMessage = "The server's disk is full. The operator has to free space.";

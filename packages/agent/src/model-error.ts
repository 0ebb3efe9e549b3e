export type ModelErrorCode = "model_auth_failed" | "rate_limited" | "model_error" | "context_overflow" | "aborted";

/** The only error a `ModelClient` throws. `message` is for people and never contains a key, a header or a whole provider response. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  readonly code: ModelErrorCode;
  /** The same call may succeed a moment later. */
  readonly retryable: boolean;
  /** From the provider's Retry-After. */
  readonly retryAfterMs: number | undefined;
  constructor(code: ModelErrorCode, message: string, options: { retryable?: boolean; retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

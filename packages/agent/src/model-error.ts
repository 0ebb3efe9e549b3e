export type ModelErrorCode = "model_auth_failed" | "rate_limited" | "model_error" | "context_overflow" | "aborted";

/** The only error a `ModelClient` throws. `message` is a sentence for a person and never holds a key, a header or a whole provider reply. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  readonly code: ModelErrorCode;
  /** The same call may succeed a moment later. */
  readonly retryable: boolean;
  /** What the provider asked for (Retry-After). */
  readonly retryAfterMs: number | undefined;
  constructor(code: ModelErrorCode, message: string, options: { retryable?: boolean; retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

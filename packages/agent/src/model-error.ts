export type ModelErrorCode = "model_auth_failed" | "rate_limited" | "model_error" | "context_overflow" | "aborted";

/**
 * What failed, for programs. `refused`: the provider rejects this request. `network`: it could not be reached, was silent, or the connection broke.
 * `unreadable`: its response is empty or does not follow its protocol.
 */
export type ModelErrorKind =
  | "auth"
  | "quota"
  | "rate_limit"
  | "overloaded"
  | "context"
  | "not_found"
  | "refused"
  | "network"
  | "unreadable";

/** The only error a `ModelClient` throws. `message` is for people and never contains a key, a header or a whole provider response. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  readonly code: ModelErrorCode;
  /** Undefined: not an error of the provider, for example a cost limit. */
  readonly kind: ModelErrorKind | undefined;
  /** The first sentence of `message`: what failed, without the provider's own message. */
  readonly summary: string;
  /** The provider's own message, redacted and bounded. `message` quotes it. */
  readonly reason: string | undefined;
  /** The same call may succeed a moment later. */
  readonly retryable: boolean;
  /** From the provider's Retry-After. */
  readonly retryAfterMs: number | undefined;
  /** Of `context_overflow`: the tokens that a request may hold, if the provider names them. */
  readonly contextWindow: number | undefined;
  constructor(
    code: ModelErrorCode,
    summary: string,
    options: {
      kind?: ModelErrorKind;
      reason?: string;
      retryable?: boolean;
      retryAfterMs?: number;
      contextWindow?: number;
      advice?: string;
      cause?: unknown;
    } = {},
  ) {
    const quoted = options.reason === undefined ? undefined : `It says: “${options.reason}”`;
    super(
      [summary, quoted, options.advice].filter((part) => part !== undefined).join(" "),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.kind = options.kind ?? kindOf[code];
    this.summary = summary;
    this.reason = options.reason;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.contextWindow = options.contextWindow;
  }
}

const kindOf: Record<ModelErrorCode, ModelErrorKind | undefined> = {
  model_auth_failed: "auth",
  rate_limited: "rate_limit",
  context_overflow: "context",
  model_error: undefined,
  aborted: undefined,
};

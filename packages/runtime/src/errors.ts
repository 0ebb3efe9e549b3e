export type RuntimeErrorCode =
  | "not_found"
  | "exists"
  | "is_directory"
  | "not_directory"
  | "too_large"
  | "etag_mismatch"
  | "outside_tree"
  | "storage_full"
  | "not_supported"
  | "not_running"
  | "service_failed"
  | "start_timeout"
  | "build_failed"
  | "aborted"
  | "unavailable";

/** The only error that drivers throw. `message` is safe to show to the project's owner; the system error is the `cause`. */
export class RuntimeError extends Error {
  override readonly name = "RuntimeError";
  readonly code: RuntimeErrorCode;
  readonly details: Record<string, unknown> | undefined;
  constructor(code: RuntimeErrorCode, message: string, options?: { cause?: unknown; details?: Record<string, unknown> }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options?.details;
  }
}

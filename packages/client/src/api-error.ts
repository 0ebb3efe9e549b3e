import type { ErrorBody, ValidationErrorBody } from "@tesslate/contract";

/** Thrown for every response with a status of 400 or more, and with code `network` and status 0 if there was no response. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly details: Record<string, unknown> | undefined;
  /** Field errors of a 422: the last part of `loc` and the message. */
  readonly issues: ValidationErrorBody["detail"];
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  constructor(status: number, body: Partial<ErrorBody> | ValidationErrorBody | undefined, headers?: Headers) {
    const detail = body?.detail;
    super(
      typeof detail === "string"
        ? detail
        : Array.isArray(detail)
          ? (detail[0]?.msg ?? "The request is malformed.")
          : `The server answered ${status}.`,
    );
    const plain = (typeof detail === "string" ? body : undefined) as Partial<ErrorBody> | undefined;
    this.status = status;
    this.code = plain?.code ?? (status === 422 ? "validation_error" : status === 0 ? "network" : "unknown");
    this.details = plain?.details;
    this.issues = Array.isArray(detail) ? detail : [];
    this.requestId = plain?.request_id;
    const wait = Number(headers?.get("retry-after"));
    this.retryAfterSeconds = Number.isFinite(wait) && wait > 0 ? wait : undefined;
  }
}

/** Whether the server rejected the request, so that repeating it unchanged is useless. */
export const isRejected = (error: unknown): boolean =>
  error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;

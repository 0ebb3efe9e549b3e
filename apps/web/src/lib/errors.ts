import { ApiError } from "@tesslate/client/core";
import type { ErrorCode } from "@tesslate/contract";

type KnownCode = ErrorCode | "network" | "unknown" | "validation_error";

/** Our sentence for a code where it beats the server's, or where the server cannot speak at all. */
const sentences: Partial<Record<KnownCode, string>> = {
  network: "The server does not answer. Check that it is running, then try again.",
  rate_limited: "Too many tries. Wait a moment, then try again.",
  project_limit_reached: "Your plan's number of projects is used up. Delete one to make room.",
  model_not_configured: "No model is connected yet.",
  runtime_unavailable: "The sandbox runtime is not available right now.",
};

/** A sentence for a person, from the error's code; the server's own sentence where we have no better one. */
export function sentenceOf(error: unknown): string {
  if (error instanceof ApiError) {
    const wait = error.code === "rate_limited" && error.retryAfterSeconds ? ` Try again in ${error.retryAfterSeconds} s.` : "";
    return wait ? `Too many tries.${wait}` : (sentences[error.code as KnownCode] ?? error.message);
  }
  return error instanceof Error ? error.message : "Something went wrong.";
}

/** What "Details" shows: enough to find it in the server's log, no internals. */
export function detailsOf(error: unknown): string | undefined {
  if (error instanceof ApiError)
    return [`code: ${error.code}`, `status: ${error.status}`, error.requestId && `request: ${error.requestId}`].filter(Boolean).join("\n");
  return error instanceof Error ? error.stack : undefined;
}

/** The server says what a field lacks; of what only a program can read, less. */
const demandOf = ({ type, msg }: { type: string; msg: string }): string =>
  type === "pattern" && msg.startsWith("Must match") ? "That is not written as it should be" : msg;

/** Field name → sentence, of a 422. Fields the form does not have land under "". */
export function fieldErrorsOf(error: unknown, fields: readonly string[]): Record<string, string> {
  if (!(error instanceof ApiError)) return {};
  const found: Record<string, string> = {};
  for (const issue of error.issues) {
    const name = String(issue.loc.at(-1) ?? "");
    const key = fields.includes(name) ? name : "";
    found[key] ??= demandOf(issue);
  }
  return found;
}

export const hasCode = (error: unknown, ...codes: KnownCode[]): boolean =>
  error instanceof ApiError && (codes as string[]).includes(error.code);

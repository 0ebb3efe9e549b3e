import { ApiError } from "@tesslate/client/core";
import type { ErrorCode } from "@tesslate/contract";
import { formatDuration } from "./durations.ts";

type KnownCode = ErrorCode | "network" | "unknown" | "validation_error";

/** Sentences that replace the server's, or stand in where there is none. */
const sentences: Partial<Record<KnownCode, string>> = {
  network: "The server didn't respond. Check that it is running, then try again.",
  rate_limited: "Too many attempts. Wait a moment, then try again.",
  project_limit_reached: "You've reached your plan's project limit. Delete a project to create another.",
  model_not_configured: "No model is connected yet.",
  runtime_unavailable: "The sandbox runtime is unavailable.",
};

/** The sentence to show for an error: ours for its code, otherwise the server's. */
export function sentenceOf(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.code === "rate_limited" && error.retryAfterSeconds)
      return `Too many attempts. Try again in ${formatDuration(error.retryAfterSeconds * 1000)}.`;
    return sentences[error.code as KnownCode] ?? error.message;
  }
  return error instanceof Error ? error.message : "Something went wrong.";
}

/** The text behind "Details": enough to find the request in the server's log. */
export function detailsOf(error: unknown): string | undefined {
  if (error instanceof ApiError)
    return [`code: ${error.code}`, `status: ${error.status}`, error.requestId && `request: ${error.requestId}`].filter(Boolean).join("\n");
  return error instanceof Error ? error.stack : undefined;
}

/** The server's message for a field. A regular expression is not shown. */
const demandOf = ({ type, msg }: { type: string; msg: string }): string =>
  type === "pattern" && msg.startsWith("Must match") ? "Invalid format" : msg;

/** Field name → sentence, from a 422. Fields that the form doesn't have are under "". */
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

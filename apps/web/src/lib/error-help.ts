import { ApiError } from "@tesslate/client/core";
import type { ErrorCode } from "@tesslate/contract";

/** Guides that say more about the cause of an error than its entry in the list of codes. Addresses below `/help/`. */
const guides: Partial<Record<ErrorCode, string>> = {
  model_not_configured: "guides/models#connect-models",
  model_auth_failed: "guides/models#connect-models",
  model_error: "guides/models#when-a-model-fails",
  vision_not_supported: "guides/models#images",
  cost_limit_reached: "guides/models#costs",
  workspace_required: "guides/chat#two-runs-at-the-same-time",
  scope_missing: "guides/automation#api-keys",
  repo_auth_required: "guides/git#accounts-of-git-hosts",
  provider_not_connected: "guides/git#accounts-of-git-hosts",
  provider_token_expired: "guides/git#accounts-of-git-hosts",
  unresolved_conflicts: "guides/git#history-and-conflicts",
  bad_domain: "guides/domains#your-own-domain",
  site_name_taken: "guides/domains#the-short-name",
  snapshot_limit_reached: "guides/snapshots",
  files_missing: "guides/snapshots#missing-files",
  no_snapshot_copy: "guides/snapshots#missing-files",
  setup_token_invalid: "operations/install#after-the-first-start",
  sign_up_closed: "guides/account",
  secrets_unreadable: "operations/backup#keys",
  storage_full: "operations/scaling",
};
/** Codes of the client, and reasons why runs end: no section describes them. */
const ownCodes = ["network", "unknown", "error", "max_iterations", "cancelled", "credits_exhausted", "credit_deduction_failed"];

/** The help about an error code: its guide, or its entry in the list of all codes. */
export function helpOfCode(code: string): string | undefined {
  if (ownCodes.includes(code)) return undefined;
  return `/help/${guides[code as ErrorCode] ?? `api/errors#${code}`}`;
}
/** The code of an error of the server, also where another error has it as its cause. */
export const codeOfError = (error: unknown): string | undefined =>
  error instanceof ApiError ? error.code : error instanceof Error ? codeOfError(error.cause) : undefined;

/** The help about an error of the server; none for errors of the client. */
export function helpOfError(error: unknown): string | undefined {
  const code = codeOfError(error);
  return code === undefined ? undefined : helpOfCode(code);
}

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ApiError } from "@tesslate/client/core";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import type { Failure } from "./use-git-acts.ts";

const filesOf = (error: unknown): string[] => {
  const files = error instanceof ApiError ? error.details?.["files"] : undefined;
  return Array.isArray(files) ? files.filter((file) => typeof file === "string") : [];
};
const shownFiles = 5;

/** Why an act of git did not work, in the place it was begun, with what helps. */
export function GitFailure({
  failure,
  onDismiss,
  action,
}: {
  failure: Failure | undefined;
  onDismiss: () => void;
  /** What helps against this failure, besides closing it. */
  action?: ReactNode;
}) {
  if (!failure) return null;
  const { error } = failure;
  const files = filesOf(error);
  const needsAccount = hasCode(error, "repo_auth_required", "provider_token_expired", "repo_not_found");
  return (
    <Banner
      tone="err"
      className="m-2 mb-0 flex-none"
      action={
        <>
          {action}
          {needsAccount ? (
            <Button size="sm" asChild>
              <Link to="/settings/git">{hasCode(error, "provider_token_expired") ? "Reconnect the account" : "Connect an account"}</Link>
            </Button>
          ) : null}
          <Button size="sm" variant="ghost" onClick={onDismiss}>
            Dismiss
          </Button>
        </>
      }
    >
      {sentences[failure.act]?.(error) ?? (hasCode(error, "rate_limited") && error instanceof Error ? error.message : sentenceOf(error))}
      {files.length > 0 ? (
        <span className="mt-1 block font-mono text-xs break-words text-fg-1">
          {files.slice(0, shownFiles).join(", ")}
          {files.length > shownFiles ? ` and ${files.length - shownFiles} more` : ""}
        </span>
      ) : null}
    </Banner>
  );
}

/** Where we can say it better than the server, because we know what was meant. */
const sentences: Record<string, (error: unknown) => string | undefined> = {
  push: (error) =>
    hasCode(error, "push_rejected") ? "The remote has commits that are not here yet. Pull them first, then push again." : undefined,
  pull: (error) =>
    hasCode(error, "local_changes")
      ? "The pull would overwrite changes that are not committed. Commit or discard them, then pull again."
      : undefined,
};

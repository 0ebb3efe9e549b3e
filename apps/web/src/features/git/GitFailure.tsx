import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ApiError } from "@tesslate/client/core";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import type { Failure } from "./use-git-actions.ts";

const filesOf = (error: unknown): string[] => {
  const files = error instanceof ApiError ? error.details?.["files"] : undefined;
  return Array.isArray(files) ? files.filter((file) => typeof file === "string") : [];
};
const shownFiles = 5;

/** Why a Git action failed, shown where it was started, with an action that helps. */
export function GitFailure({
  failure,
  onDismiss,
  action,
}: {
  failure: Failure | undefined;
  onDismiss: () => void;
  /** A button that helps with this failure. */
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
              <Link to="/settings/git">{hasCode(error, "provider_token_expired") ? "Reconnect account" : "Connect account"}</Link>
            </Button>
          ) : null}
          <Button size="sm" variant="ghost" onClick={onDismiss}>
            Dismiss
          </Button>
        </>
      }
    >
      {sentences[failure.action]?.(error) ?? (hasCode(error, "rate_limited") && error instanceof Error ? error.message : sentenceOf(error))}
      {files.length > 0 ? (
        <span className="mt-1 block font-mono text-xs break-words text-fg-1">
          {files.length > shownFiles ? `${files.slice(0, shownFiles).join(", ")} and ${files.length - shownFiles} more` : files.join(", ")}
        </span>
      ) : null}
    </Banner>
  );
}

/** Better sentences than the server's for actions we know. */
const sentences: Record<string, (error: unknown) => string | undefined> = {
  push: (error) =>
    hasCode(error, "push_rejected") ? "The remote has commits that you don't have locally. Pull, then push again." : undefined,
  pull: (error) =>
    hasCode(error, "local_changes") ? "Pulling would overwrite uncommitted changes. Commit or discard them, then pull again." : undefined,
};

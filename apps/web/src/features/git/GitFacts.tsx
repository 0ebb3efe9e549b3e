import type { GitStatus } from "@tesslate/contract";
import { GitBranch } from "lucide-react";

/** In the status bar: the branch, its distance to the remote, and uncommitted changes. */
export function GitFacts({ status, onOpen }: { status: GitStatus | undefined; onOpen: () => void }) {
  if (!status) return null;
  const { branch, ahead, behind, changes, has_conflicts } = status;
  const facts = [
    `Branch ${branch}`,
    ahead > 0 ? `${ahead} not pushed` : "",
    behind > 0 ? `${behind} not pulled` : "",
    has_conflicts ? "has conflicts" : changes.length > 0 ? `${changes.length} uncommitted` : "",
  ].filter(Boolean);
  return (
    <button type="button" title={facts.join(", ")} onClick={onOpen} className="inline-flex min-w-0 items-center gap-1 hover:text-fg-0">
      <GitBranch size={12} aria-hidden="true" className="flex-none" />
      <span className="max-w-40 truncate font-mono" aria-hidden="true">
        {branch}
      </span>
      <span className="num" aria-hidden="true">
        {[ahead > 0 ? `↑${ahead}` : "", behind > 0 ? `↓${behind}` : ""].filter(Boolean).join(" ")}
      </span>
      {has_conflicts ? (
        <span className="text-err" aria-hidden="true">
          conflict
        </span>
      ) : changes.length > 0 ? (
        <span className="num" aria-hidden="true">
          +{changes.length}
        </span>
      ) : null}
      <span className="sr-only">{facts.join(", ")}</span>
    </button>
  );
}

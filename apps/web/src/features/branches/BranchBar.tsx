import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Branch } from "@tesslate/contract";
import { ExternalLink, GitMerge, Split, Trash2 } from "lucide-react";
import { useState } from "react";
import { counted } from "../../lib/counted.ts";
import { formatDate } from "../../lib/time.ts";
import { useProject } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { toast } from "../../ui/toast.tsx";
import { branchesKey } from "./branches.queries.ts";
import { MergeDialog } from "./MergeDialog.tsx";

/** Above the composer of a chat that works in a branch: what it changed, its preview, and how to end it. */
export function BranchBar({ branch }: { branch: Branch }) {
  const { name } = useProject();
  const { api } = useServices();
  const queries = useQueryClient();
  const [isMerging, setIsMerging] = useState(false);
  const [isDiscarding, setIsDiscarding] = useState(false);
  const discard = async () => {
    await api.branches.discard({ params: { id: branch.project_id, branch_id: branch.id } });
    await queries.invalidateQueries({ queryKey: branchesKey(branch.project_id) });
    toast("Branch discarded.");
  };
  return (
    <section
      aria-label={branch.chat_title ? `Branch: ${branch.chat_title}` : "Branch"}
      className="on-sheet mb-1.5 flex flex-wrap items-center gap-x-2 gap-y-1 rounded-3 border border-line-0 bg-bg-1 px-3 py-1.5 text-sm"
    >
      <Split size={14} className="flex-none text-fg-2" aria-hidden="true" />
      <p className="min-w-0 flex-1 basis-48 leading-note" role="status">
        {branch.is_failed ? (
          "Couldn't copy the project's files. Discard the branch and send the message again."
        ) : branch.is_ready ? (
          <>
            Branch of {name} · <span className="num">{counted(branch.files, "file")}</span> changed
            {branch.is_expiring ? (
              <span className="block text-xs text-warn">Deleted on {formatDate(branch.deleted_after)} unless you use it.</span>
            ) : null}
          </>
        ) : (
          "Copying the project's files to a branch…"
        )}
      </p>
      <div className="ml-auto flex items-center gap-2">
        {branch.is_ready ? (
          <>
            <Link
              to="/p/$slug/{-$view}"
              params={{ slug: branch.slug, view: "preview" }}
              target="_blank"
              className="link inline-flex items-center gap-1 text-xs"
            >
              Open preview
              <ExternalLink size={12} aria-hidden="true" />
              <span className="sr-only">in a new tab</span>
            </Link>
            <Button size="sm" icon={<GitMerge size={14} />} disabled={branch.is_running} onClick={() => setIsMerging(true)}>
              Merge…
            </Button>
          </>
        ) : null}
        <IconButton size="sm" label="Discard branch…" tooltipSide="top" disabled={branch.is_running} onClick={() => setIsDiscarding(true)}>
          <Trash2 size={14} />
        </IconButton>
      </div>
      {isMerging ? <MergeDialog branch={branch} onClose={() => setIsMerging(false)} /> : null}
      <ConfirmDialog
        isOpen={isDiscarding}
        onOpenChange={setIsDiscarding}
        title="Discard this branch?"
        confirmLabel="Discard branch"
        loadingWord="Discarding…"
        isDanger
        onConfirm={discard}
      >
        This deletes the files and databases of the branch. It can't be undone. The messages of this chat and the files of {name} aren't
        affected.
      </ConfirmDialog>
    </section>
  );
}

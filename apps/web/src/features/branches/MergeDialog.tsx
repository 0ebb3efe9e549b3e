import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ApiError } from "@tesslate/client/core";
import type { Branch, BranchFile, MergeConflict } from "@tesslate/contract";
import { ChevronRight } from "lucide-react";
import { useState, type ReactNode } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { diffLines } from "../../lib/diff-lines.ts";
import { useProject } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { DiffBlock } from "../../ui/DiffBlock.tsx";
import { FileLetter } from "../../ui/FileLetter.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast } from "../../ui/toast.tsx";
import { Lines } from "../changes/index.ts";
import { branchDiffQuery, branchesKey } from "./branches.queries.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

type Side = "branch" | "project";

const sides = [
  { value: "project", label: "Keep the project's" },
  { value: "branch", label: "Use the branch's" },
] as const;

const reasons: Record<MergeConflict["reason"], string> = {
  changed: "The project changed the same lines.",
  gone: "The project deleted this file.",
  exists: "The project has another file of this name.",
  link: "Symbolic links aren't merged. The project keeps its own.",
};

/** What a branch changed, and the version to keep of each file that the project changed too. */
export function MergeDialog({ branch, onClose }: { branch: Branch; onClose: () => void }) {
  const { api } = useServices();
  const queries = useQueryClient();
  const { name } = useProject();
  const query = useQuery(branchDiffQuery(api, branch));
  const diff = query.data;
  const [chosen, setChosen] = useState<ReadonlyMap<string, Side>>(new Map());
  const [isMerging, setIsMerging] = useState(false);
  const [failure, setFailure] = useState<ReactNode>();
  const conflicts = new Map(diff?.conflicts.map((one) => [one.path, one]));
  const sideOf = (path: string): Side | undefined => (conflicts.get(path)?.reason === "link" ? "project" : chosen.get(path));
  const open = [...conflicts.keys()].filter((path) => sideOf(path) === undefined);
  const merge = async () => {
    setIsMerging(true);
    setFailure(undefined);
    const resolutions = [...conflicts.keys()].flatMap((path) => {
      const use = sideOf(path);
      return use ? [{ path, use }] : [];
    });
    try {
      const { written } = await api.branches.merge({ params: { id: branch.project_id, branch_id: branch.id }, body: { resolutions } });
      await queries.invalidateQueries({ queryKey: branchesKey(branch.project_id) });
      toast(`Branch merged. ${counted(written.length, "file")} of ${name} changed.`);
      onClose();
    } catch (error) {
      setFailure(<ErrorSentence of={error} />);
      // Somebody changed the project since the changes were loaded.
      if (error instanceof ApiError && error.code === "merge_conflict") await query.refetch();
    } finally {
      setIsMerging(false);
    }
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && !isMerging && onClose()}
      title={`Merge into ${name}?`}
      description="The changes of the branch are applied to the project's files, and the branch is deleted. A checkpoint of the project is saved before."
      width="xl"
      footer={
        <>
          <Button variant="ghost" disabled={isMerging} onClick={onClose}>
            Cancel
          </Button>
          <Button
            variant="primary"
            disabled={!diff || open.length > 0}
            isLoading={isMerging}
            loadingWord="Merging…"
            onClick={() => void merge()}
          >
            Merge branch
          </Button>
        </>
      }
    >
      {query.error && !query.isFetching ? (
        <LoadFailed title="Couldn't load changes" of={query} />
      ) : !diff ? (
        <SkeletonRows count={4} label="Loading changes…" />
      ) : (
        <div className="grid gap-2">
          {conflicts.size > 0 ? (
            <p role="status" className="text-warn">
              {open.length > 0
                ? `The project changed ${counted(conflicts.size, "file")} too. Choose a version for each.`
                : "A version is chosen for each conflict."}
            </p>
          ) : null}
          {diff.files.length === 0 ? <p className="text-fg-2">This branch has no changes.</p> : null}
          <ul className="grid gap-px">
            {diff.files.map((file) => (
              <MergedFile
                key={file.path}
                file={file}
                conflict={conflicts.get(file.path)}
                side={sideOf(file.path)}
                onSide={(side) => setChosen((known) => new Map(known).set(file.path, side))}
              />
            ))}
          </ul>
          {diff.total > diff.files.length ? (
            <p className="text-xs text-fg-2">{counted(diff.total - diff.files.length, "more file")} not shown</p>
          ) : null}
        </div>
      )}
      {failure ? (
        <p role="alert" className="pt-3 text-err">
          {failure}
        </p>
      ) : null}
    </Dialog>
  );
}

function MergedFile({
  file,
  conflict,
  side,
  onSide,
}: {
  file: BranchFile;
  conflict: MergeConflict | undefined;
  side: Side | undefined;
  onSide: (side: Side) => void;
}) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <li data-testid="file-row" className="min-w-0">
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
        className="flex min-h-7 w-full min-w-0 items-center gap-2 rounded-2 px-2 text-left text-sm text-fg-0 hover:bg-bg-2 narrow:min-h-11"
      >
        <ChevronRight size={14} className={cx("flex-none text-fg-3 transition-transform", isOpen && "rotate-90")} />
        <FileLetter status={conflict ? "conflict" : file.status} />
        <span className="min-w-0 flex-1 truncate font-mono text-xs" title={file.path}>
          {file.old_path === null ? file.path : `${file.old_path} → ${file.path}`}
        </span>
        <Lines additions={file.additions} deletions={file.deletions} />
      </button>
      {conflict ? (
        <div className="flex flex-wrap items-center gap-2 pr-2 pb-1 pl-7 text-xs text-fg-2">
          <span className="min-w-0 flex-1">{reasons[conflict.reason]}</span>
          {conflict.reason === "link" ? null : (
            <SegmentedControl<Side | "none">
              label={`Version of ${file.path}`}
              value={side ?? "none"}
              onChange={(next) => next !== "none" && onSide(next)}
              segments={sides}
            />
          )}
        </div>
      ) : null}
      {isOpen ? (
        <div className="pt-1 pr-2 pb-2 pl-7">
          {file.hunks.length > 0 ? (
            <DiffBlock lines={diffLines(patchOf(file))} path={file.path} maxHeight="max-h-96" />
          ) : (
            <p className="text-xs text-fg-2">
              {file.is_binary ? "Binary file not shown." : file.is_too_large ? "Too large to show." : "Content unchanged."}
            </p>
          )}
        </div>
      ) : null}
    </li>
  );
}

const patchOf = ({ hunks }: BranchFile): string =>
  hunks
    .map(
      ({ old_start, old_lines, new_start, new_lines, lines }) =>
        `@@ -${old_start},${old_lines} +${new_start},${new_lines} @@\n${lines.join("\n")}\n`,
    )
    .join("");

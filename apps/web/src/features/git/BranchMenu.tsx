import { useQuery } from "@tanstack/react-query";
import type { GitBranch, GitStatus } from "@tesslate/contract";
import { Check, ChevronDown, Cloud, GitBranch as BranchIcon, GitCommitHorizontal, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { sentenceOf } from "../../lib/errors.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { PickList, type PickGroup } from "../../ui/PickList.tsx";
import { Popover } from "../../ui/Popover.tsx";
import { branchesQuery } from "./git.queries.ts";

/** The current branch. Opens a menu to search, switch, create and delete branches. */
export function BranchMenu({
  projectId,
  status,
  onSwitch,
  onNew,
  onDelete,
}: {
  projectId: string;
  status: GitStatus;
  onSwitch: (branch: string) => void;
  onNew: () => void;
  onDelete: (branch: string) => void;
}) {
  const { api } = useServices();
  const [isOpen, setIsOpen] = useState(false);
  const [isDeleting, setIsDeleting] = useState(false);
  const query = useQuery({ ...branchesQuery(api, projectId), enabled: isOpen });
  const change = (open: boolean) => {
    setIsOpen(open);
    if (open) setIsDeleting(false);
  };
  const then = (callback: () => void) => () => {
    setIsOpen(false);
    callback();
  };
  // The status may be newer than this list.
  const all = (query.data?.items ?? []).map((branch) => ({
    ...branch,
    current: !branch.remote && !status.detached && branch.name === status.branch,
  }));
  return (
    <Popover
      label="Branches"
      isOpen={isOpen}
      onOpenChange={change}
      // A dialog that was opened from here keeps the focus.
      onCloseAutoFocus={(event) => {
        if (document.querySelector("[role='dialog'] input, [role='alertdialog']")) event.preventDefault();
      }}
      className="w-90 max-w-floating! p-0!"
      trigger={
        <Button
          variant="ghost"
          className="min-w-0 shrink! narrow:h-9! narrow:px-2! narrow:text-sm!"
          icon={status.detached ? <GitCommitHorizontal size={14} /> : <BranchIcon size={14} />}
          aria-label={status.detached ? `Detached HEAD at ${status.branch}` : `Branch ${status.branch}`}
        >
          <span className="min-w-0 truncate font-mono text-xs">{status.branch}</span>
          <ChevronDown size={14} className="flex-none text-fg-3" />
        </Button>
      }
    >
      <PickList
        key={isDeleting ? "delete" : "switch"}
        label={isDeleting ? "Delete branch" : "Switch branch"}
        placeholder={isDeleting ? "Find a branch to delete" : "Find a branch"}
        isLoading={query.isPending && !query.error}
        empty={query.error ? `Couldn't load branches. ${sentenceOf(query.error)}` : "Branches appear after the first commit."}
        groups={
          isDeleting ? deleteGroups(all, (name) => then(() => onDelete(name))) : switchGroups(all, (name) => then(() => onSwitch(name)))
        }
        foot={
          <div className="flex flex-none gap-1 border-t border-line-0 p-1.5">
            {isDeleting ? (
              <Button size="sm" variant="ghost" onClick={() => setIsDeleting(false)}>
                Back
              </Button>
            ) : (
              <>
                <Button size="sm" variant="ghost" icon={<Plus size={14} />} onClick={then(onNew)}>
                  New branch…
                </Button>
                <span className="flex-1" />
                <Button size="sm" variant="ghost" icon={<Trash2 size={14} />} onClick={() => setIsDeleting(true)}>
                  Delete branch…
                </Button>
              </>
            )}
          </div>
        }
      />
    </Popover>
  );
}

const hintOf = ({ upstream, ahead, behind }: GitBranch): string =>
  [upstream ?? "", ahead > 0 ? `${ahead} ahead` : "", behind > 0 ? `${behind} behind` : ""].filter(Boolean).join(", ");

function switchGroups(all: readonly GitBranch[], run: (name: string) => () => void): PickGroup[] {
  const local = all.filter((branch) => !branch.remote);
  const names = new Set(local.map(({ name }) => name));
  // Remote branches that also exist locally are left out.
  const remote = all.filter((branch) => branch.remote && !names.has(branch.name.slice(branch.name.indexOf("/") + 1)));
  return [
    {
      heading: "Branches",
      items: local.map((branch) => ({
        id: branch.name,
        title: branch.name,
        hint: branch.current ? [hintOf(branch), "checked out"].filter(Boolean).join(", ") : hintOf(branch),
        icon: branch.current ? <Check size={14} /> : <BranchIcon size={14} />,
        run: branch.current ? () => undefined : run(branch.name),
      })),
    },
    {
      heading: "Remote branches",
      items: remote.map((branch) => ({
        id: `remote:${branch.name}`,
        title: branch.name,
        icon: <Cloud size={14} />,
        run: run(branch.name),
      })),
    },
  ];
}

const deleteGroups = (all: readonly GitBranch[], run: (name: string) => () => void): PickGroup[] => [
  {
    heading: "Local branches",
    items: all
      .filter((branch) => !branch.remote)
      .map((branch) => ({
        id: branch.name,
        title: branch.name,
        hint: hintOf(branch),
        icon: <BranchIcon size={14} />,
        refusal: branch.current ? "This branch is checked out. Switch to another branch first." : undefined,
        run: run(branch.name),
      })),
  },
];

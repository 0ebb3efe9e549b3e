import { Play, Square, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Project } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { useDeleteProject, useProjectPower } from "../../project/projects.queries.ts";
import { Button } from "../../ui/Button.tsx";
import { Checkbox } from "../../ui/Checkbox.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { toast, toastWithUndo } from "../../ui/toast.tsx";

/** Shown while projects are selected: starts, stops and deletes them. */
export function BulkBar({
  selected,
  total,
  onSelectAll,
  onClear,
}: {
  selected: readonly Project[];
  total: number;
  onSelectAll: () => void;
  onClear: () => void;
}) {
  const { start, stop, isPending } = useProjectPower();
  const deletion = useDeleteProject();
  const [isDeleting, setIsDeleting] = useState(false);
  const stoppable = selected.filter(({ status }) => status === "running" || status === "partial" || status === "starting");
  const startable = selected.filter(({ status }) => status === "stopped" || status === "hibernated" || status === "error");
  const name = counted(selected.length, "project");
  const stopAll = async () => {
    const { done } = await stop(stoppable);
    if (done.length > 0) toastWithUndo(`${counted(done.length, "project")} stopped.`, () => start(done));
  };
  return (
    <div
      role="toolbar"
      aria-label="Selected projects"
      className="sticky bottom-3 z-10 mx-auto mt-6 flex w-fit max-w-full flex-wrap items-center gap-2 rounded-3 border border-line-0 bg-bg-1 py-2 pr-2 pl-3 text-sm shadow-3 narrow:w-full"
    >
      <span className="flex narrow:w-full">
        <Checkbox
          isChecked={selected.length === total ? true : "some"}
          onChange={(isChecked) => (isChecked ? onSelectAll() : onClear())}
          label={`${selected.length} of ${total} selected`}
        />
      </span>
      <Button size="sm" icon={<Play size={14} />} disabled={startable.length === 0 || isPending} onClick={() => void start(startable)}>
        Start
      </Button>
      <Button size="sm" icon={<Square size={14} />} disabled={stoppable.length === 0 || isPending} onClick={() => void stopAll()}>
        Stop
      </Button>
      <Button size="sm" variant="danger" icon={<Trash2 size={14} />} onClick={() => setIsDeleting(true)}>
        Delete…
      </Button>
      <Button size="sm" variant="ghost" onClick={onClear}>
        Clear
      </Button>
      <ConfirmDialog
        isOpen={isDeleting}
        onOpenChange={setIsDeleting}
        title={`Delete ${name}?`}
        confirmLabel={`Delete ${name}`}
        loadingWord="Deleting projects…"
        isDanger
        typedConfirmation={name}
        onConfirm={async () => {
          for (const { slug } of selected) await deletion.mutateAsync(slug);
          toast(`Deleting ${name}.`);
          onClear();
        }}
      >
        This deletes the files, chats, secrets, containers and data of {selected.map((project) => project.name).join(", ")}. This can't be
        undone.
      </ConfirmDialog>
    </div>
  );
}

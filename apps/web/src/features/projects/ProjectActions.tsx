import { Box, Copy, Download, Ellipsis, PencilLine, Pin, PinOff, Play, Square, Trash2 } from "lucide-react";
import { Suspense, useState } from "react";
import type { Project } from "@tesslate/contract";
import { lazyComponent } from "../../lib/chunks.ts";
import { usePinProject, useProjectPower } from "../../project/projects.queries.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { toastWithUndo } from "../../ui/toast.tsx";
import { SubmitBaseDialog } from "../marketplace/index.ts";
import { useProjectOut } from "./use-project-out.tsx";

const RenameDialog = lazyComponent(async () => (await import("./RenameDialog.tsx")).RenameDialog);
const DeleteProjectDialog = lazyComponent(async () => (await import("./DeleteProjectDialog.tsx")).DeleteProjectDialog);

type DialogName = "rename" | "template" | "delete";

/** The menu of a project in a list. */
export function ProjectActions({ project, onDeleted }: { project: Project; onDeleted?: () => void }) {
  const [dialog, setDialog] = useState<{ name: DialogName; isOpen: boolean }>();
  const open = (name: DialogName) => setDialog({ name, isOpen: true });
  const close = () => setDialog((last) => last && { ...last, isOpen: false });
  const { isReady, copy, download } = useProjectOut(project);
  const { start, stop, isPending } = useProjectPower();
  const pin = usePinProject();
  const setPinned = (isPinned: boolean) =>
    pin.mutate(
      { project, isPinned },
      {
        onSuccess: () =>
          toastWithUndo(isPinned ? `${project.name} pinned.` : `${project.name} unpinned.`, () =>
            pin.mutateAsync({ project, isPinned: !isPinned }),
          ),
      },
    );
  const isUp = project.status === "running" || project.status === "partial";
  return (
    <>
      <Menu
        align="end"
        label={`Actions for ${project.name}`}
        trigger={
          <IconButton size="sm" label={`Actions for ${project.name}`}>
            <Ellipsis size={14} />
          </IconButton>
        }
        entries={[
          isUp
            ? { label: "Stop", icon: <Square size={14} />, isDisabled: isPending, onSelect: () => void stop([project]) }
            : {
                label: "Start",
                icon: <Play size={14} />,
                isDisabled: isPending || !isReady || project.status === "starting" || project.status === "stopping",
                onSelect: () => void start([project]),
              },
          "-",
          project.pinned_at === null
            ? { label: "Pin", icon: <Pin size={14} />, onSelect: () => setPinned(true) }
            : { label: "Unpin", icon: <PinOff size={14} />, onSelect: () => setPinned(false) },
          { label: "Rename…", icon: <PencilLine size={14} />, onSelect: () => open("rename") },
          { label: "Make a copy", icon: <Copy size={14} />, isDisabled: !isReady, onSelect: copy },
          { label: "Save as template…", icon: <Box size={14} />, isDisabled: !isReady, onSelect: () => open("template") },
          "-",
          { label: "Download as zip", icon: <Download size={14} />, isDisabled: !isReady, onSelect: () => download("zip") },
          { label: "Download as tar.gz", icon: <Download size={14} />, isDisabled: !isReady, onSelect: () => download("tar.gz") },
          "-",
          { label: "Delete…", icon: <Trash2 size={14} />, isDanger: true, onSelect: () => open("delete") },
        ]}
      />
      <Suspense>
        {dialog?.name === "rename" ? (
          <RenameDialog key={`rename-${dialog.isOpen}`} project={project} isOpen={dialog.isOpen} onOpenChange={close} />
        ) : dialog?.name === "delete" ? (
          <DeleteProjectDialog project={project} isOpen={dialog.isOpen} onOpenChange={close} onDeleted={() => onDeleted?.()} />
        ) : dialog?.isOpen ? (
          <SubmitBaseDialog project={project} onClose={close} />
        ) : null}
      </Suspense>
    </>
  );
}

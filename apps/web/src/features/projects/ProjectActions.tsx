import { Copy, Download, Ellipsis, PencilLine, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Project } from "@tesslate/contract";
import { sentenceOf } from "../../lib/errors.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { toast } from "../../ui/toast.tsx";
import { useDeleteProject } from "./projects.queries.ts";
import { RenameDialog } from "./RenameDialog.tsx";
import { useProjectOut } from "./use-project-out.tsx";

/** What can be done with a project from a list. */
export function ProjectActions({ project, onDeleted }: { project: Project; onDeleted?: () => void }) {
  const [open, setOpen] = useState<"rename" | "delete">();
  const deletion = useDeleteProject();
  const { isReady, copy, download } = useProjectOut(project);
  return (
    <>
      <Menu
        align="end"
        label={`Actions for ${project.name}`}
        trigger={
          <IconButton size="sm" label={`More for ${project.name}`}>
            <Ellipsis size={14} />
          </IconButton>
        }
        entries={[
          { label: "Rename", icon: <PencilLine size={14} />, onSelect: () => setOpen("rename") },
          { label: "Make a copy", icon: <Copy size={14} />, isDisabled: !isReady, onSelect: copy },
          "-",
          { label: "Download as zip", icon: <Download size={14} />, isDisabled: !isReady, onSelect: () => download("zip") },
          { label: "Download as tar.gz", icon: <Download size={14} />, isDisabled: !isReady, onSelect: () => download("tar.gz") },
          "-",
          { label: "Delete…", icon: <Trash2 size={14} />, isDanger: true, onSelect: () => setOpen("delete") },
        ]}
      />
      <RenameDialog
        key={`rename-${open === "rename"}`}
        project={project}
        isOpen={open === "rename"}
        onOpenChange={(isOpen) => setOpen(isOpen ? "rename" : undefined)}
      />
      <ConfirmDialog
        isOpen={open === "delete"}
        onOpenChange={(isOpen) => setOpen(isOpen ? "delete" : undefined)}
        title={`Delete ${project.name}?`}
        act="Delete project"
        actWord="Deleting"
        isDanger
        typedConfirmation={project.name}
        onConfirm={async () => {
          try {
            await deletion.mutateAsync(project.slug);
          } catch (error) {
            throw new Error(sentenceOf(error), { cause: error });
          }
          toast(`${project.name} is being deleted.`);
          onDeleted?.();
        }}
      >
        Its files, conversations, containers and their data go for good. Nothing can bring them back.
      </ConfirmDialog>
    </>
  );
}

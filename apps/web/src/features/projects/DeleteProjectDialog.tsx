import { useDeleteProject } from "../../project/projects.queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { toast } from "../../ui/toast.tsx";

/** Deleting can't be undone, so the name must be typed. */
export function DeleteProjectDialog({
  project,
  isOpen,
  onOpenChange,
  onDeleted,
}: {
  project: { name: string; slug: string };
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  onDeleted: () => unknown;
}) {
  const deletion = useDeleteProject();
  return (
    <ConfirmDialog
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      title={`Delete ${project.name}?`}
      confirmLabel="Delete project"
      loadingWord="Deleting project…"
      isDanger
      typedConfirmation={project.name}
      onConfirm={async () => {
        await deletion.mutateAsync(project.slug);
        toast(`${project.name} is being deleted.`);
        await onDeleted();
      }}
    >
      This deletes its files, chats, secrets, containers and data. This can't be undone.
    </ConfirmDialog>
  );
}

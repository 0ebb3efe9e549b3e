import { sentenceOf } from "../../lib/errors.ts";
import { useDeleteProject } from "../../project/projects.queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { toast } from "../../ui/toast.tsx";

/** Deletion has no way back: the name is typed. */
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
        await onDeleted();
      }}
    >
      Its files, conversations, secrets, containers and their data go for good. Nothing can bring them back.
    </ConfirmDialog>
  );
}

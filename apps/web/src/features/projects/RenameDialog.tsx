import { useId, useState } from "react";
import type { Project } from "@tesslate/contract";
import { useRenameProject } from "../../project/projects.queries.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useSubmission } from "../../ui/form/use-submission.ts";
import { Input } from "../../ui/Input.tsx";
import { toastWithUndo } from "../../ui/toast.tsx";

/** Renames a project; its URL doesn't change. The toast has Undo. */
export function RenameDialog({
  project,
  isOpen,
  onOpenChange,
}: {
  project: Project;
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}) {
  const formId = useId();
  const [name, setName] = useState(project.name);
  const rename = useRenameProject();
  const { errors, isSubmitting, onSubmit } = useSubmission(["name"], {
    check: name.trim() ? {} : { name: "Enter a name." },
    submit: async () => {
      const next = name.trim();
      if (next !== project.name) {
        await rename.mutateAsync({ slug: project.slug, name: next });
        toastWithUndo(`Project renamed to ${next}.`, () => rename.mutateAsync({ slug: project.slug, name: project.name }));
      }
      onOpenChange(false);
    },
    errorField: "name",
  });
  return (
    <Dialog
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      title="Rename project"
      footer={
        <>
          <Button variant="ghost" onClick={() => onOpenChange(false)}>
            Cancel
          </Button>
          <Button type="submit" form={formId} variant="primary" isLoading={isSubmitting} loadingWord="Renaming…">
            Rename
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={onSubmit} noValidate>
        <Field label="Name" error={errors.name} hint="The project's URL doesn't change.">
          <Input
            value={name}
            maxLength={100}
            autoFocus
            onFocus={(event) => event.target.select()}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
      </form>
    </Dialog>
  );
}

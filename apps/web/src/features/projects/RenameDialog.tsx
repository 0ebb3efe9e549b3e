import { useId, useState, type FormEvent } from "react";
import type { Project } from "@tesslate/contract";
import { fieldErrorsOf, sentenceOf } from "../../lib/errors.ts";
import { useRenameProject } from "../../project/projects.queries.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { toast } from "../../ui/toast.tsx";

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
  const [error, setError] = useState<string>();
  const rename = useRenameProject();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const next = name.trim();
    if (!next) return setError("Enter a name.");
    if (next === project.name) return onOpenChange(false);
    rename.mutate(
      { slug: project.slug, name: next },
      {
        onError: (failure) => setError(fieldErrorsOf(failure, ["name"])["name"] ?? sentenceOf(failure)),
        onSuccess: () => {
          onOpenChange(false);
          toast(`Project renamed to ${next}.`, {
            action: {
              label: "Undo",
              onSelect: () =>
                rename.mutate(
                  { slug: project.slug, name: project.name },
                  { onError: (failure) => toast(sentenceOf(failure), { kind: "failed" }) },
                ),
            },
          });
        },
      },
    );
  };
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
          <Button type="submit" form={formId} variant="primary" isLoading={rename.isPending} loadingWord="Renaming…">
            Rename
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} noValidate>
        <Field label="Name" error={error} hint="The project's URL doesn't change.">
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

import { useNavigate } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import type { BaseDetail } from "@tesslate/contract";
import { sentenceOf } from "../../lib/errors.ts";
import { useCreateProject } from "../../project/projects.queries.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";

/** Creates a project from a template and opens it; its workbench shows the progress of the setup. */
export function UseBaseDialog({
  base,
  version,
  onClose,
}: {
  base: Pick<BaseDetail, "id" | "name">;
  version: string | null;
  onClose: () => void;
}) {
  const navigate = useNavigate();
  const create = useCreateProject();
  const [name, setName] = useState(base.name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (create.isPending || !name.trim()) return;
    create.mutate(
      { name: name.trim(), source_type: "base", base_id: base.id, ...(version !== null && { base_version: version }) },
      { onSuccess: (project) => void navigate({ to: "/p/$slug/{-$view}", params: { slug: project.slug } }) },
    );
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && !create.isPending && onClose()}
      title={`New project from ${base.name}`}
      description={version === null ? "Uses the latest version of the template." : `Uses version ${version} of the template.`}
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" form="use-base" variant="primary" isLoading={create.isPending} loadingWord="Creating project…">
            Create project
          </Button>
        </>
      }
    >
      <form id="use-base" onSubmit={submit}>
        <Field label="Project name" error={create.error ? sentenceOf(create.error) : undefined}>
          <Input value={name} maxLength={100} autoComplete="off" onChange={(event) => setName(event.target.value)} />
        </Field>
      </form>
    </Dialog>
  );
}

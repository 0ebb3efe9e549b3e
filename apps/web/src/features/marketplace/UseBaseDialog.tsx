import { useNavigate } from "@tanstack/react-router";
import type { BaseDetail } from "@tesslate/contract";
import { useCreateProject } from "../../project/projects.queries.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { isLimit, LimitNotice } from "../billing/index.ts";

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
  const form = useForm({
    start: { name: base.name },
    check: ({ name }) => ({ ...(!name.trim() && { name: "Enter a name." }) }),
    submit: async ({ name }) => {
      const project = await create.mutateAsync({
        body: {
          name: name.trim(),
          source_type: "base",
          base_id: base.id,
          ...(version !== null && { base_version: version }),
        },
      });
      void navigate({ to: "/p/$slug/{-$view}", params: { slug: project.slug } });
    },
    errorField: "name",
    faultsOf: (error) => (isLimit(error) ? {} : undefined),
  });
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && !form.isSubmitting && onClose()}
      title={`New project from ${base.name}`}
      description={version === null ? "Uses the latest version of the template." : `Uses version ${version} of the template.`}
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" form="use-base" variant="primary" isLoading={form.isSubmitting} loadingWord="Creating project…">
            Create project
          </Button>
        </>
      }
    >
      <form id="use-base" onSubmit={form.onSubmit} noValidate className="grid gap-3">
        {isLimit(create.error) ? <LimitNotice error={create.error} again="Create the project again." /> : null}
        <Field label="Project name" error={form.errors.name}>
          <Input {...form.text("name")} maxLength={100} autoComplete="off" />
        </Field>
      </form>
    </Dialog>
  );
}

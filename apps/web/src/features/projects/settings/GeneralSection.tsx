import { useQueryClient } from "@tanstack/react-query";
import type { Project } from "@tesslate/contract";
import { projectKey } from "../../../project/cache-keys.ts";
import { useServices } from "../../../project/services.ts";
import { Banner } from "../../../ui/Banner.tsx";
import { Button } from "../../../ui/Button.tsx";
import { Field } from "../../../ui/Field.tsx";
import { useForm } from "../../../ui/form/use-form.ts";
import { Input } from "../../../ui/Input.tsx";
import { SettingsSection } from "../../../ui/SettingsSection.tsx";
import { Textarea } from "../../../ui/Textarea.tsx";
import { toast } from "../../../ui/toast.tsx";

/** Name and description. */
export function GeneralSection({ project }: { project: Project }) {
  const { api } = useServices();
  const queries = useQueryClient();
  const saved = { name: project.name, description: project.description ?? "" };
  const form = useForm({
    start: saved,
    saved,
    check: ({ name }) => ({ ...(name.trim() === "" && { name: "Enter a name." }) }),
    submit: async ({ name, description }) => {
      const after = await api.projects.update({
        params: { id: project.id },
        body: { name: name.trim(), description: description.trim() || null },
      });
      form.reset({ name: after.name, description: after.description ?? "" });
      queries.setQueryData(projectKey(project.slug), after);
      void queries.invalidateQueries({ queryKey: ["projects", "list"] });
      toast("Project saved.");
    },
  });
  const { errors } = form;
  return (
    <SettingsSection
      id="project-general"
      title="General"
      hint={
        <>
          Programs call this project <code>{project.slug}</code> in the{" "}
          <a href="/docs" className="link">
            API
          </a>
          .
        </>
      }
    >
      <form onSubmit={form.onSubmit} noValidate className="grid gap-3">
        {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
        <Field label="Name" error={errors.name} hint={`The URL stays /p/${project.slug}.`}>
          <Input {...form.text("name")} autoComplete="off" maxLength={100} />
        </Field>
        <Field label="Description" error={errors.description}>
          <Textarea {...form.text("description")} maxLength={2000} />
        </Field>
        <div>
          <Button type="submit" variant="primary" disabled={!form.isDirty} isLoading={form.isSubmitting} loadingWord="Saving…">
            Save
          </Button>
        </div>
      </form>
    </SettingsSection>
  );
}

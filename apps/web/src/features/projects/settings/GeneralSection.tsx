import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Project } from "@tesslate/contract";
import { useState, type FormEvent } from "react";
import { fieldErrorsOf, sentenceOf } from "../../../lib/errors.ts";
import { projectKey } from "../../../project/cache-keys.ts";
import { useServices } from "../../../project/services.ts";
import { Banner } from "../../../ui/Banner.tsx";
import { Button } from "../../../ui/Button.tsx";
import { Field } from "../../../ui/Field.tsx";
import { Input } from "../../../ui/Input.tsx";
import { SettingsSection } from "../../../ui/SettingsSection.tsx";
import { Textarea } from "../../../ui/Textarea.tsx";
import { toast } from "../../../ui/toast.tsx";

const fields = ["name", "description"] as const;

/** Name and description. */
export function GeneralSection({ project }: { project: Project }) {
  const { api } = useServices();
  const queries = useQueryClient();
  const stored = { name: project.name, description: project.description ?? "" };
  const [draft, setDraft] = useState<Partial<typeof stored>>({});
  const form = { ...stored, ...draft };
  const [errors, setErrors] = useState<Partial<Record<(typeof fields)[number] | "", string>>>({});
  const save = useMutation({
    mutationFn: (body: { name: string; description: string | null }) => api.projects.update({ params: { id: project.id }, body }),
    onSuccess: (saved) => {
      queries.setQueryData(projectKey(project.slug), saved);
      void queries.invalidateQueries({ queryKey: ["projects", "list"] });
    },
  });
  const isDirty = fields.some((name) => form[name] !== stored[name]);
  const set = (name: (typeof fields)[number]) => (event: { target: { value: string } }) =>
    setDraft({ ...draft, [name]: event.target.value });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (form.name.trim() === "") return setErrors({ name: "Enter a name." });
    setErrors({});
    save.mutate(
      { name: form.name.trim(), description: form.description.trim() || null },
      {
        onSuccess: () => {
          setDraft({});
          toast("Project saved.");
        },
        onError: (error) => {
          const found = fieldErrorsOf(error, fields);
          setErrors(Object.keys(found).length > 0 ? found : { "": sentenceOf(error) });
        },
      },
    );
  };
  return (
    <SettingsSection title="General">
      <form onSubmit={submit} noValidate className="grid gap-3">
        {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
        <Field label="Name" error={errors.name} hint={`The URL stays /p/${project.slug}.`}>
          <Input maxLength={100} value={form.name} onChange={set("name")} />
        </Field>
        <Field label="Description" error={errors.description}>
          <Textarea maxLength={2000} value={form.description} onChange={set("description")} />
        </Field>
        <div>
          <Button type="submit" variant="primary" disabled={!isDirty} isLoading={save.isPending} loadingWord="Saving…">
            Save
          </Button>
        </div>
      </form>
    </SettingsSection>
  );
}

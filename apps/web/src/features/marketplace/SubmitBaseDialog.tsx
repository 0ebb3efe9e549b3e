import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { Project } from "@tesslate/contract";
import { api } from "../../api.ts";
import { useKept } from "../../lib/use-kept.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useSubmission } from "../../ui/form/use-submission.ts";
import { Input } from "../../ui/Input.tsx";
import { Select } from "../../ui/Select.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { meQuery } from "../users/index.ts";
import { useMarketplaceChanged } from "./marketplace.queries.ts";
import { categoriesQuery } from "./store.queries.ts";

const fields = ["name", "description", "git_repo_url", "default_branch", "tech_stack"] as const;
const split = (text: string) => [
  ...new Set(
    text
      .split(",")
      .map((one) => one.trim())
      .filter(Boolean),
  ),
];

interface Draft {
  body: Record<(typeof fields)[number], string>;
  category: string;
  isPublic: boolean;
}
const isDraft = (value: unknown): value is Draft => {
  if (typeof value !== "object" || value === null) return false;
  const { body, category, isPublic } = value as Partial<Draft>;
  return fields.every((field) => typeof body?.[field] === "string") && typeof category === "string" && typeof isPublic === "boolean";
};

/** Creates a template from a repository, or from the current files of a project. Public templates are listed in the store. */
export function SubmitBaseDialog({ project, onClose }: { project?: Project; onClose: () => void }) {
  const navigate = useNavigate();
  const changed = useMarketplaceChanged();
  const categories = (useQuery(categoriesQuery).data ?? []).filter(({ item_types }) => item_types.includes("base"));
  const { data: me } = useSuspenseQuery(meQuery);
  const draft = useKept<Draft>(`studio:base-form:${me.id}:${project?.id ?? "new"}`, isDraft, {
    body: {
      name: project?.name ?? "",
      description: project?.description?.slice(0, 500) ?? "",
      git_repo_url: "",
      default_branch: "main",
      tech_stack: "",
    },
    category: "fullstack",
    isPublic: false,
  });
  const { body, category, isPublic } = draft.value;
  const write = (change: Partial<Draft>) => draft.write({ ...draft.value, ...change });
  const { errors, isSubmitting, onSubmit } = useSubmission(fields, {
    check: {
      ...(!project && !/^https:\/\/./.test(body.git_repo_url.trim()) && { git_repo_url: "Must start with https://." }),
      ...(!project && body.default_branch.trim() === "" && { default_branch: "Enter a branch." }),
      ...(body.name.trim() === "" && { name: "Enter a name." }),
      ...(body.description.trim() === "" && { description: "Enter a description." }),
    },
    submit: async () => {
      const { git_repo_url, default_branch, ...about } = body;
      const base = await api.marketplaceBases.create({
        body: {
          ...about,
          ...(project ? { project_id: project.id } : { git_repo_url, default_branch }),
          category,
          tech_stack: split(body.tech_stack),
          visibility: isPublic ? "public" : "private",
        },
      });
      draft.forget(draft.value);
      await changed();
      void navigate({ to: "/marketplace/base/$slug", params: { slug: base.slug } });
    },
  });
  const input = (field: (typeof fields)[number], label: string, hint?: string, placeholder?: string) => (
    <Field label={label} {...(hint && { hint })} error={errors[field]}>
      <Input
        value={body[field]}
        autoComplete="off"
        {...(placeholder && { placeholder })}
        onChange={(event) => write({ body: { ...body, [field]: event.target.value } })}
      />
    </Field>
  );
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && !isSubmitting && onClose()}
      title={project ? "Save as template" : "Submit template"}
      description={
        project
          ? "New projects can start from the current files of this project. Remove files with secrets first."
          : "New projects start from the latest version of this repository."
      }
      width="lg"
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            form="submit-base"
            variant="primary"
            isLoading={isSubmitting}
            loadingWord={project ? "Saving…" : "Submitting…"}
          >
            {project ? "Save template" : "Submit template"}
          </Button>
        </>
      }
    >
      <form id="submit-base" noValidate className="grid gap-3.5" onSubmit={onSubmit}>
        {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
        {project ? null : (
          <>
            {input("git_repo_url", "Repository URL", "Everyone who uses the template needs access to the repository.", "https://…")}
            {input("default_branch", "Branch")}
          </>
        )}
        {input("name", "Name")}
        <Field label="Description" error={errors.description}>
          <Textarea
            value={body.description}
            maxLength={500}
            className="min-h-16"
            onChange={(event) => write({ body: { ...body, description: event.target.value } })}
          />
        </Field>
        <Field label="Category">
          <Select
            value={category}
            onChange={(value) => write({ category: value })}
            options={categories.map(({ slug, name }) => ({ value: slug, label: name }))}
          />
        </Field>
        {input("tech_stack", "Tech stack", "Separate with commas.", "React, Hono, Postgres")}
        <Switch
          isOn={isPublic}
          onChange={(isOn) => write({ isPublic: isOn })}
          label="Publish in the store"
          hint="If off, only you can see the template."
        />
      </form>
    </Dialog>
  );
}

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { findThemeFaults, type CustomTheme } from "@tesslate/contract";
import { cx } from "../../lib/cx.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Input } from "../../ui/Input.tsx";
import { Select } from "../../ui/Select.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { toast } from "../../ui/toast.tsx";
import { ContrastReport } from "./ContrastReport.tsx";
import { ThemePreview } from "./ThemePreview.tsx";
import { customThemesQuery, useThemeActions } from "./themes.queries.ts";

const categories = [
  { value: "general", label: "General" },
  { value: "minimal", label: "Minimal" },
  { value: "vibrant", label: "Vibrant" },
  { value: "professional", label: "Professional" },
];

/** What the store shows of a theme, and whether it may be published. Of a published theme it edits that. */
export function PublishThemeDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery(customThemesQuery);
  const theme = query.data?.find((one) => one.id === id);
  if (theme) return <Publish theme={theme} onClose={onClose} />;
  return (
    <Dialog isOpen onOpenChange={(isOpen) => !isOpen && onClose()} title="Publish theme">
      {query.error ? (
        <LoadFailed className="px-0" title="Couldn't load the theme" of={query} />
      ) : query.data ? (
        <p>Theme not found. It may have been deleted.</p>
      ) : (
        <SkeletonRows count={4} label="Loading theme…" />
      )}
    </Dialog>
  );
}

function Publish({ theme, onClose }: { theme: CustomTheme; onClose: () => void }) {
  const { update } = useThemeActions();
  const faults = findThemeFaults(theme);
  const isBlocked = faults.length > 0;
  const form = useForm({
    start: { name: theme.name, description: theme.description ?? "", category: theme.category },
    check: ({ name, description }) => ({
      ...(!name.trim() && { name: "Enter a name." }),
      ...(!description.trim() && { description: "Enter a description." }),
    }),
    submit: async ({ name, description, category }) => {
      await update.mutateAsync({
        id: theme.id,
        body: { name: name.trim(), description: description.trim(), category, is_published: true },
      });
      toast(theme.is_published ? "Listing saved." : `${name.trim()} published.`);
      onClose();
    },
  });
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && !form.isSubmitting && onClose()}
      isHeld={form.isDirty}
      title={theme.is_published ? `Edit listing of ${theme.name}` : `Publish ${theme.name}?`}
      description={
        theme.is_published
          ? "What the store shows of this theme."
          : "Everyone can find it in the store, use it and copy it. They see your name and get your later changes."
      }
      width="lg"
      footer={
        <>
          <Button variant="ghost" onClick={onClose} disabled={form.isSubmitting}>
            Cancel
          </Button>
          <Button
            type="submit"
            form="publish-theme"
            variant="primary"
            disabled={isBlocked}
            isLoading={form.isSubmitting}
            loadingWord={theme.is_published ? "Saving…" : "Publishing…"}
          >
            {theme.is_published ? "Save listing" : "Publish theme"}
          </Button>
        </>
      }
    >
      <form id="publish-theme" noValidate className="grid gap-3.5" onSubmit={form.onSubmit}>
        {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
        <Field label="Name" error={form.errors.name}>
          <Input maxLength={100} autoComplete="off" {...form.text("name")} />
        </Field>
        <Field label="Description" hint="What it looks like and what it is good for." error={form.errors.description}>
          <Textarea maxLength={500} className="min-h-16" {...form.text("description")} />
        </Field>
        <Field label="Category" error={form.errors.category}>
          <Select {...selectOf(form.choice("category"))} options={categories} />
        </Field>
        <ContrastReport faults={faults} isPublished={theme.is_published} />
        {isBlocked ? (
          <Link
            to="/settings/look/$themeId"
            params={{ themeId: theme.id }}
            className={cx(buttonClass({ size: "sm" }), "justify-self-start")}
            onClick={onClose}
          >
            Edit colors
          </Link>
        ) : null}
        <ThemePreview theme={theme} />
      </form>
    </Dialog>
  );
}

const selectOf = ({ value, onChange }: { value: CustomTheme["category"]; onChange: (value: CustomTheme["category"]) => void }) => ({
  value,
  onChange: (chosen: string) => onChange(chosen as CustomTheme["category"]),
});

import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { ApiError } from "@tesslate/client/core";
import { findThemeFaults, type Theme } from "@tesslate/contract";
import { useDeferredValue, useEffect, useMemo, useState } from "react";
import { hasCode } from "../../lib/errors.ts";
import { chooseTheme, previewTheme, useTheme } from "../../theme/theme-choice.ts";
import { tokensOf, applyTheme } from "../../theme/apply-theme.ts";
import { PageActions } from "../../ui/page/PageActions.tsx";
import { Banner } from "../../ui/Banner.tsx";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Field } from "../../ui/Field.tsx";
import type { Faults } from "../../ui/form/faults.ts";
import { useSubmission } from "../../ui/form/use-submission.ts";
import { Input } from "../../ui/Input.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast } from "../../ui/toast.tsx";
import { useUpdateMe } from "../users/index.ts";
import { ColorField } from "./ColorField.tsx";
import { ContrastReport } from "./ContrastReport.tsx";
import { fieldGroups, problemOf, valueAt, withValue, type ThemeDraft } from "./theme-fields.ts";
import { customThemesQuery, themeQuery, useThemeActions } from "./themes.queries.ts";
import { ThemeSample } from "./ThemeSample.tsx";

const route = getRouteApi("/app/settings/look/$themeId");

/** The editor of a custom theme, which the whole studio previews while it is open. */
export function ThemeEditorPage() {
  const { themeId } = route.useParams();
  const query = useQuery(themeQuery({ id: themeId }));
  return query.data ? <Editor key={query.data.id} theme={query.data} /> : <Missing query={query} />;
}

function Missing({ query }: { query: UseQueryResult<Theme> }) {
  if (!query.error) return <SkeletonRows count={6} label="Loading theme…" />;
  if (hasCode(query.error, "not_found", "validation_error"))
    return (
      <EmptyState
        className="px-0"
        title="Theme not found"
        action={
          <Link to="/settings/look" className={buttonClass({})}>
            Back to themes
          </Link>
        }
      >
        It may have been deleted, or it belongs to someone else.
      </EmptyState>
    );
  return <LoadFailed className="px-0" title="Couldn't load the theme" of={query} />;
}

/** Path of the value → the server's sentence. */
function faultsOf(error: unknown): Faults<string> | undefined {
  if (!(error instanceof ApiError) || error.issues.length === 0) return undefined;
  return {
    ...Object.fromEntries(error.issues.map((issue) => [issue.loc.slice(1).join("."), issue.msg])),
    "": "Some values are invalid. Check the fields below.",
  };
}
const draftOf = ({ name, mode, colors, typography, spacing, animation }: Theme): ThemeDraft => ({
  name,
  mode,
  colors,
  typography,
  spacing,
  animation,
});

function Editor({ theme }: { theme: Theme }) {
  const navigate = useNavigate();
  const { choice } = useTheme();
  const { update } = useThemeActions();
  const isPublished = useQuery(customThemesQuery).data?.some(({ id, is_published }) => id === theme.id && is_published) ?? false;
  const updateMe = useUpdateMe();
  const [draft, setDraft] = useState<ThemeDraft>(() => draftOf(theme));
  const shown = useDeferredValue(draft);
  const faults = useMemo(() => findThemeFaults(shown), [shown]);
  useEffect(() => previewTheme({ isDark: shown.mode === "dark", tokens: tokensOf(shown) }), [shown]);
  useEffect(() => () => previewTheme(), []);

  const isWrong = fieldGroups.some((group) => group.fields.some(({ kind, path }) => problemOf(kind, valueAt(draft, path))));
  const back = () => void navigate({ to: "/settings/look" });
  const { errors, isSubmitting, onSubmit } = useSubmission<string>([], {
    submit: async () => {
      if (!draft.name.trim() || isWrong) return;
      const saved = await update.mutateAsync({ id: theme.id, body: { ...draft, name: draft.name.trim() } });
      // A theme that changed its mode is applied in its new mode only.
      if (saved.mode !== theme.mode && choice[theme.mode]?.id === saved.id) chooseTheme({ [theme.mode]: undefined });
      applyTheme(saved);
      updateMe.mutate({ theme_preset: saved.id });
      toast(`${saved.name} saved and applied.`);
      back();
    },
    faultsOf,
    isDirty: JSON.stringify(draft) !== JSON.stringify(draftOf(theme)),
  });

  return (
    <form onSubmit={onSubmit} noValidate>
      <SettingsSection
        title="Edit theme"
        hint={
          isPublished
            ? "Previewing live. This theme is published: everyone who uses it gets your changes when you save."
            : "Previewing live. Changes apply when you save."
        }
      >
        <div className="grid gap-4">
          {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
          <Field label="Name" error={draft.name.trim() ? errors["name"] : "Enter a name."}>
            <Input maxLength={100} value={draft.name} onChange={(event) => setDraft({ ...draft, name: event.target.value })} />
          </Field>
          <div className="grid justify-items-start gap-1.5">
            <span className="text-fg-1">Mode</span>
            <SegmentedControl<"dark" | "light">
              label="Mode"
              value={draft.mode}
              onChange={(mode) => setDraft({ ...draft, mode })}
              segments={[
                { value: "dark", label: "Dark", isLabelShown: true },
                { value: "light", label: "Light", isLabelShown: true },
              ]}
            />
          </div>
          <ThemeSample />
          <ContrastReport faults={faults} isPublished={isPublished} />
        </div>
      </SettingsSection>
      {fieldGroups.map((group, index) => (
        <details key={group.title} open={index < 5} className="mb-6 border-t border-line-0 pt-3">
          <summary className="mb-2 cursor-pointer py-1 text-md narrow:py-3 font-medium text-fg-0">{group.title}</summary>
          {group.hint ? <p className="mb-3 text-xs text-fg-2">{group.hint}</p> : null}
          <div className="grid grid-cols-[repeat(auto-fill,minmax(200px,1fr))] gap-x-4 gap-y-3">
            {group.fields.map(({ path, label, kind }) => {
              const value = valueAt(draft, path);
              const set = (text: string) => setDraft((before) => withValue(before, path, text));
              return (
                <Field key={path} label={label} error={problemOf(kind, value) ?? errors[path]}>
                  {kind === "color" ? (
                    <ColorField label={label} value={value} onChange={set} />
                  ) : (
                    <Input value={value} spellCheck={false} maxLength={300} onChange={(event) => set(event.target.value)} />
                  )}
                </Field>
              );
            })}
          </div>
        </details>
      ))}
      <PageActions className="justify-end">
        <Button variant="ghost" onClick={back}>
          Discard changes
        </Button>
        <Button
          type="submit"
          variant="primary"
          disabled={isWrong || !draft.name.trim() || (isPublished && faults.length > 0)}
          isLoading={isSubmitting}
          loadingWord="Saving…"
        >
          Save and apply
        </Button>
      </PageActions>
    </form>
  );
}

import { CircleX, Plus, RefreshCw } from "lucide-react";
import { useDeferredValue, useMemo } from "react";
import { counted } from "../../lib/counted.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Textarea } from "../../ui/Textarea.tsx";
import { previewEnv, refusalSentences, type EnvPreviewRow } from "./env-preview.ts";

const looks: Record<EnvPreviewRow["fate"], { word: string; ink: string; icon: typeof Plus }> = {
  created: { word: "new", ink: "text-ok", icon: Plus },
  replaced: { word: "replaced", ink: "text-warn", icon: RefreshCw },
  refused: { word: "skipped", ink: "text-err", icon: CircleX },
};
const shownRows = 200;

/** Imports the lines of an `.env` file, with a preview of each line. */
export function PasteEnvDialog({
  isOpen,
  onOpenChange,
  known,
  noun = "secret",
  owner = "this project",
  onImport,
}: {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  known: ReadonlySet<string>;
  noun?: "secret" | "variable";
  /** Name of the project or container that they belong to. */
  owner?: string;
  /** If it rejects, the dialog stays open and shows the error. */
  onImport: (text: string) => Promise<unknown>;
}) {
  const form = useForm({
    start: { text: "" },
    submit: async ({ text }) => {
      await onImport(text);
      form.reset({ text: "" });
      onOpenChange(false);
    },
  });
  const shown = useDeferredValue(form.values.text);
  const rows = useMemo(() => previewEnv(shown, known), [shown, known]);
  const taken = rows.filter((row) => row.fate !== "refused").length;
  const replaced = rows.filter((row) => row.fate === "replaced").length;
  const change = (next: boolean) => {
    if (form.isSubmitting) return;
    form.reset({ text: "" });
    onOpenChange(next);
  };
  return (
    <Dialog
      isOpen={isOpen}
      isHeld={form.isDirty}
      onOpenChange={change}
      title="Paste .env"
      description={
        noun === "secret"
          ? `Each NAME=value line is added as a secret of ${owner}. Values are encrypted and never shown again.`
          : `Each NAME=value line is added as a variable of ${owner}. Values are encrypted and never shown again.`
      }
      width="lg"
      footer={
        <>
          <Button variant="ghost" onClick={() => change(false)}>
            Cancel
          </Button>
          <Button
            variant="primary"
            disabled={taken === 0}
            isLoading={form.isSubmitting}
            loadingWord="Importing…"
            onClick={() => form.onSubmit()}
          >
            {taken === 0 ? "Import" : `Import ${counted(taken, noun)}`}
          </Button>
        </>
      }
    >
      <div className="grid gap-3">
        {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
        <Field label=".env text" error={form.errors.text}>
          <Textarea
            {...form.text("text")}
            className="min-h-28 font-mono text-xs!"
            maxHeightPx={220}
            spellCheck={false}
            autoCapitalize="none"
            autoComplete="off"
            placeholder={"STRIPE_KEY=sk_live_…\nMAIL_FROM=hello@example.org"}
          />
        </Field>
        <div role="status" className="text-xs text-fg-2">
          {rows.length === 0
            ? "A preview appears here before anything is saved."
            : `${taken - replaced} new, ${replaced} replaced, ${rows.length - taken} skipped`}
        </div>
        {rows.length > 0 ? (
          <ul role="list" aria-label="Preview" className="divide-y divide-line-0 rounded-3 border border-line-0">
            {rows.slice(0, shownRows).map((row) => {
              const look = looks[row.fate];
              return (
                <li key={`${row.line}:${row.key}`} className="flex min-h-(--row) items-baseline gap-2 px-2.5 py-1 text-xs">
                  <look.icon size={12} aria-hidden="true" className={`${look.ink} flex-none self-center`} />
                  <span className="min-w-0 truncate font-mono text-fg-0">{row.key}</span>
                  <span className={`${look.ink} flex-none`}>{look.word}</span>
                  {row.reason ? (
                    <span className="min-w-0 flex-1 text-fg-2">{refusalSentences[row.reason]}</span>
                  ) : (
                    <span className="flex-1" />
                  )}
                  <span className="num flex-none text-2xs text-fg-3">line {row.line}</span>
                </li>
              );
            })}
          </ul>
        ) : null}
        {rows.length > shownRows ? <p className="text-xs text-fg-2">{counted(rows.length - shownRows, "more line")}</p> : null}
      </div>
    </Dialog>
  );
}

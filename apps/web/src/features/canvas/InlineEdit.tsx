import { Check, Pencil, X } from "lucide-react";
import { useState, type FormEvent } from "react";
import { cx } from "../../lib/cx.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { Input } from "../../ui/Input.tsx";

/** A value that is edited in place. `onSave` resolves with the reason if it failed. */
export function InlineEdit({
  label,
  value,
  shown,
  isMono = false,
  inputMode,
  hint,
  onSave,
}: {
  label: string;
  value: string;
  /** Shown instead of the value while it is not edited. */
  shown?: string;
  isMono?: boolean;
  inputMode?: "numeric" | "url";
  /** What else saving changes; shown while it is edited. */
  hint?: string;
  onSave: (value: string) => Promise<string | undefined>;
}) {
  const [draft, setDraft] = useState<string>();
  const [failure, setFailure] = useState<string>();
  const [isSaving, setIsSaving] = useState(false);
  if (draft === undefined)
    return (
      <span className="flex items-center gap-1">
        <span className={cx("min-w-0 truncate", isMono && "font-mono")}>{shown ?? value}</span>
        <IconButton size="sm" label={`Edit ${label}`} tooltipSide="none" onClick={() => setDraft(value)}>
          <Pencil size={12} />
        </IconButton>
      </span>
    );
  const close = () => {
    setDraft(undefined);
    setFailure(undefined);
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isSaving) return;
    if (draft.trim() === value) return close();
    setIsSaving(true);
    const reason = await onSave(draft.trim());
    setIsSaving(false);
    if (reason === undefined) close();
    else setFailure(reason);
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="py-1">
      <div className="flex items-center gap-1">
        <Input
          size="sm"
          boxClassName="w-auto! min-w-0 flex-1"
          aria-label={label}
          aria-invalid={failure ? true : undefined}
          autoFocus
          value={draft}
          inputMode={inputMode}
          className={cx(isMono && "font-mono")}
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            event.preventDefault();
            event.stopPropagation();
            close();
          }}
        />
        <IconButton size="sm" type="submit" label={`Save ${label}`} tooltipSide="none" disabled={isSaving}>
          <Check size={14} />
        </IconButton>
        <IconButton size="sm" label="Cancel" tooltipSide="none" onClick={close}>
          <X size={14} />
        </IconButton>
      </div>
      {hint && !failure ? <p className="mt-1 text-fg-2">{hint}</p> : null}
      {failure ? (
        <p role="alert" className="mt-1 text-xs text-err">
          {failure}
        </p>
      ) : null}
    </form>
  );
}

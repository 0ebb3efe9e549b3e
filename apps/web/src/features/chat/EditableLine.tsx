import { useState } from "react";
import { cx } from "../../lib/cx.ts";

/** A text that turns into a field when it is clicked. Enter and blur save, Escape cancels. */
export function EditableLine({
  value,
  label,
  maxLength,
  onSave,
  className,
  isWhole = false,
  empty,
}: {
  value: string;
  /** The field's name. */
  label: string;
  maxLength: number;
  onSave: (text: string) => void;
  className?: string;
  /** Wraps; otherwise it is cut to one line. */
  isWhole?: boolean;
  /** Shown if there is no text. */
  empty?: string;
}) {
  const [draft, setDraft] = useState<string>();
  if (draft === undefined)
    return (
      <button
        type="button"
        title="Edit"
        onClick={() => setDraft(value)}
        className={cx(
          "min-w-0 flex-1 cursor-text rounded-1 px-1 py-0.5 text-left hover:bg-bg-3",
          isWhole ? "break-words" : "truncate",
          className,
        )}
      >
        {value || empty}
      </button>
    );
  const end = (isKept: boolean) => {
    const text = draft.trim();
    setDraft(undefined);
    if (isKept && text !== "" && text !== value) onSave(text);
  };
  return (
    <textarea
      // Focus once, when the person opens the field.
      ref={(field) => {
        if (field && document.activeElement !== field && field.dataset["focused"] === undefined) {
          field.dataset["focused"] = "";
          field.focus();
          field.select();
        }
      }}
      aria-label={label}
      rows={1}
      maxLength={maxLength}
      value={draft}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={() => end(true)}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return;
        if (event.key === "Escape") {
          event.preventDefault();
          event.stopPropagation();
          end(false);
        } else if (event.key === "Enter" && !event.shiftKey) {
          event.preventDefault();
          end(true);
        }
      }}
      className={cx(
        "field-sizing-content max-h-32 min-w-0 flex-1 resize-none rounded-1 bg-bg-0 px-1 py-0.5 text-fg-0 outline-2 -outline-offset-1 outline-focus narrow:text-lg",
        className,
      )}
    />
  );
}

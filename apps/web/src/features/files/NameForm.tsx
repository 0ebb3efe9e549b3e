import { useId, useRef, useState } from "react";
import { cx } from "../../lib/cx.ts";

/** The name of a new or renamed file, in its row or above the tree: Enter or blur saves, Escape cancels. */
export function NameForm({
  label,
  initial,
  isInline = false,
  onSubmit,
  onCancel,
}: {
  label: string;
  initial: string;
  isInline?: boolean;
  onSubmit: (name: string) => Promise<string | undefined>;
  onCancel: () => void;
}) {
  const [failure, setFailure] = useState<string>();
  const failureId = useId();
  const isDone = useRef(false);
  const submit = async (name: string) => {
    if (isDone.current) return;
    if (name.trim() === "" || name === initial) return onCancel();
    isDone.current = true;
    const reason = await onSubmit(name.trim());
    isDone.current = false;
    setFailure(reason);
  };
  return (
    <form
      className={isInline ? "min-w-0 flex-1" : "px-2 pb-1.5"}
      onSubmit={(event) => {
        event.preventDefault();
        const name = new FormData(event.currentTarget).get("name");
        void submit(typeof name === "string" ? name : "");
      }}
    >
      <input
        name="name"
        aria-label={label}
        aria-invalid={failure !== undefined || undefined}
        aria-describedby={failure ? failureId : undefined}
        placeholder={isInline ? undefined : label}
        defaultValue={initial}
        autoFocus
        spellCheck={false}
        autoComplete="off"
        onFocus={(event) => {
          const dot = initial.lastIndexOf(".");
          event.target.setSelectionRange(0, dot > 0 ? dot : initial.length);
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") onCancel();
        }}
        onBlur={(event) => void submit(event.target.value)}
        className="h-5.5 w-full min-w-0 rounded-1 border border-line-1 bg-bg-1 px-1.5 text-xs text-fg-0 aria-invalid:border-err narrow:h-9 narrow:text-md"
      />
      {failure ? (
        <p
          id={failureId}
          role="alert"
          className={cx(
            "text-2xs text-err",
            isInline ? "absolute z-10 rounded-1 border border-line-0 bg-bg-1 px-1.5 py-1 shadow-2" : "pt-1",
          )}
        >
          {failure}
        </p>
      ) : null}
    </form>
  );
}

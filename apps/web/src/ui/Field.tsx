import { CircleX } from "lucide-react";
import { createContext, useContext, useEffect, useId, useLayoutEffect, useRef, type ReactNode } from "react";
import { useHandler } from "../lib/use-handler.ts";

interface FieldIds {
  id: string;
  describedBy: string | undefined;
  isInvalid: boolean;
}
const FieldContext = createContext<FieldIds | undefined>(undefined);

/** Attributes that tie a control to the Field around it; a control outside of one gets none. */
export function useFieldProps(): { id?: string; "aria-describedby"?: string; "aria-invalid"?: true } {
  const field = useContext(FieldContext);
  if (!field) return {};
  return {
    id: field.id,
    ...(field.describedBy && { "aria-describedby": field.describedBy }),
    ...(field.isInvalid && { "aria-invalid": true as const }),
  };
}

export interface FieldProps {
  label: ReactNode;
  /** At the end of the label's line: a link such as "Forgot it?". */
  aside?: ReactNode;
  hint?: ReactNode;
  /** A sentence. Its presence marks the control invalid. */
  error?: ReactNode;
  children: ReactNode;
  className?: string;
}

const typed = "input, textarea, [contenteditable=true]";

/**
 * Sending a form that has errors focuses the first control with one, wherever the button is, and so do errors that a request brings. Only someone
 * who went on typing or to another field while it ran stays there.
 */
function useErrorFocus(id: string, isInvalid: boolean): void {
  const sentFrom = useRef<Element | null>(null);
  const formOf = useHandler((): HTMLFormElement | null => document.getElementById(id)?.closest("form") ?? null);
  const show = useHandler(() => {
    const control = isInvalid ? document.getElementById(id) : null;
    const form = formOf();
    const active = document.activeElement;
    const isElsewhere = active !== sentFrom.current && active?.matches(typed);
    if (control && form && !isElsewhere && form.querySelector("[aria-invalid=true]") === control) control.focus();
  });
  useEffect(() => {
    const onSubmit = ({ target }: SubmitEvent) => {
      if (target !== formOf()) return;
      sentFrom.current = document.activeElement;
      setTimeout(show);
    };
    const onInput = () => (sentFrom.current = null);
    document.addEventListener("submit", onSubmit, true);
    document.addEventListener("input", onInput, true);
    return () => {
      document.removeEventListener("submit", onSubmit, true);
      document.removeEventListener("input", onInput, true);
    };
  }, [formOf, show]);
  useLayoutEffect(() => {
    if (isInvalid) show();
  }, [isInvalid, show]);
}

/** Label, control, hint and error, tied together. The control inside must read `useFieldProps`. */
export function Field({ label, aside, hint, error, children, className }: FieldProps) {
  const id = useId();
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  useErrorFocus(id, Boolean(error));
  const describedBy = [error ? errorId : undefined, hint ? hintId : undefined].filter(Boolean).join(" ") || undefined;
  return (
    <div className={className}>
      <div className="mb-1.25 flex items-baseline justify-between gap-2 text-sm">
        <label htmlFor={id} className="font-medium text-fg-1">
          {label}
        </label>
        {aside}
      </div>
      <FieldContext value={{ id, describedBy, isInvalid: Boolean(error) }}>{children}</FieldContext>
      {error ? (
        <p id={errorId} role="alert" className="mt-1.25 flex items-start gap-1.5 text-xs text-err">
          <CircleX size={14} className="mt-px flex-none" />
          <span>{error}</span>
        </p>
      ) : null}
      {hint ? (
        <p id={hintId} className="mt-1.25 text-xs text-fg-2">
          {hint}
        </p>
      ) : null}
    </div>
  );
}

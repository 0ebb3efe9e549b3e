import { CircleX } from "lucide-react";
import { createContext, useContext, useEffect, useId, type ReactNode } from "react";

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

/** The first control that a form could not be sent with is gone to when somebody sends it, from wherever the button stands; nobody is torn away from what they type. */
function useFaultShown(id: string, isInvalid: boolean): void {
  useEffect(() => {
    const control = isInvalid ? document.getElementById(id) : null;
    const form = control?.closest("form");
    if (!control || !form) return undefined;
    const show = () => {
      const isTyping = document.activeElement?.matches(typed) && form.contains(document.activeElement);
      if (!isTyping && form.querySelector("[aria-invalid=true]") === control) control.focus();
    };
    const onSubmit = () => void setTimeout(show);
    show();
    form.addEventListener("submit", onSubmit);
    return () => form.removeEventListener("submit", onSubmit);
  }, [id, isInvalid]);
}

/** Label, control, hint and error, tied together. The control inside must read `useFieldProps`. */
export function Field({ label, aside, hint, error, children, className }: FieldProps) {
  const id = useId();
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  useFaultShown(id, Boolean(error));
  const describedBy = [error ? errorId : undefined, hint ? hintId : undefined].filter(Boolean).join(" ") || undefined;
  return (
    <div className={className}>
      <div className="mb-[5px] flex items-baseline justify-between gap-2 text-sm">
        <label htmlFor={id} className="font-medium text-fg-1">
          {label}
        </label>
        {aside}
      </div>
      <FieldContext value={{ id, describedBy, isInvalid: Boolean(error) }}>{children}</FieldContext>
      {error ? (
        <p id={errorId} role="alert" className="mt-[5px] flex items-start gap-1.5 text-xs text-err">
          <CircleX size={14} className="mt-px flex-none" />
          <span>{error}</span>
        </p>
      ) : null}
      {hint ? (
        <p id={hintId} className="mt-[5px] text-xs text-fg-2">
          {hint}
        </p>
      ) : null}
    </div>
  );
}

import { OTPInput, REGEXP_ONLY_DIGITS } from "input-otp";
import { cx } from "../lib/cx.ts";
import { useFieldProps } from "./Field.tsx";

/** Six boxes, one real input: paste, autofill (`one-time-code`) and backspace all work. Non-digits in a paste are dropped. */
export function CodeInput({
  value,
  onChange,
  onComplete,
  length = 6,
  autoFocus = false,
}: {
  value: string;
  onChange: (value: string) => void;
  onComplete?: (value: string) => void;
  length?: number;
  autoFocus?: boolean;
}) {
  const field = useFieldProps();
  const isInvalid = field["aria-invalid"] === true;
  return (
    <OTPInput
      {...field}
      value={value}
      onChange={onChange}
      {...(onComplete && { onComplete })}
      maxLength={length}
      pattern={REGEXP_ONLY_DIGITS}
      inputMode="numeric"
      autoFocus={autoFocus}
      autoComplete="one-time-code"
      pasteTransformer={(text) => text.replace(/\D/g, "").slice(0, length)}
      noScriptCSSFallback={null}
      render={({ slots, isFocused }) => (
        <div className="grid grid-cols-6 gap-2">
          {slots.map((slot, index) => (
            <span
              key={index}
              aria-hidden="true"
              className={cx(
                "grid h-11 place-items-center rounded-2 border bg-bg-1 font-mono text-[18px] font-medium text-fg-0",
                isInvalid ? "border-err" : "border-line-1",
                isFocused && slot.isActive && "outline-2 -outline-offset-1 outline-focus",
              )}
            >
              {slot.char ?? (slot.hasFakeCaret ? <span className="h-5 w-px bg-fg-0" /> : null)}
            </span>
          ))}
        </div>
      )}
    />
  );
}

import { Check, Minus } from "lucide-react";
import { Checkbox as Radix } from "radix-ui";
import { useId, type ReactNode } from "react";

/** `isChecked` may be "some" for a head over a partly chosen list. */
export function Checkbox({
  isChecked,
  onChange,
  label,
  isLabelHidden = false,
}: {
  isChecked: boolean | "some";
  onChange: (isChecked: boolean) => void;
  label: ReactNode;
  isLabelHidden?: boolean;
}) {
  const id = useId();
  return (
    <span className="inline-flex items-center gap-2">
      <Radix.Root
        id={id}
        checked={isChecked === "some" ? "indeterminate" : isChecked}
        onCheckedChange={(next) => onChange(next === true)}
        className="relative grid size-3.75 flex-none place-items-center rounded-1 border-[1.5px] border-line-1 bg-bg-1 text-bg-1 before:absolute before:-inset-2 narrow:before:-inset-4 data-[state=checked]:border-fg-0 data-[state=checked]:bg-fg-0 data-[state=indeterminate]:border-fg-0 data-[state=indeterminate]:bg-fg-0"
      >
        <Radix.Indicator>
          {isChecked === "some" ? <Minus size={11} strokeWidth={2.2} /> : <Check size={11} strokeWidth={2.2} />}
        </Radix.Indicator>
      </Radix.Root>
      <label htmlFor={id} className={isLabelHidden ? "sr-only" : "text-fg-1"}>
        {label}
      </label>
    </span>
  );
}

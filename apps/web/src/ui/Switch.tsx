import { Switch as Radix } from "radix-ui";
import { useId, type ReactNode } from "react";

/** On or off, at once. The label is part of it. */
export function Switch({
  isOn,
  onChange,
  label,
  hint,
  isDisabled = false,
}: {
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  label: ReactNode;
  hint?: ReactNode;
  isDisabled?: boolean;
}) {
  const id = useId();
  return (
    <div className="flex items-start gap-2.5">
      <Radix.Root
        id={id}
        checked={isOn}
        onCheckedChange={onChange}
        disabled={isDisabled}
        aria-describedby={hint ? `${id}-hint` : undefined}
        className="relative mt-px h-4 w-7 flex-none rounded-full border-[1.5px] border-line-1 transition-colors before:absolute before:-inset-2 narrow:before:-inset-x-2.5 narrow:before:-inset-y-4 data-[state=checked]:border-fg-0 data-[state=checked]:bg-fg-0"
      >
        <Radix.Thumb className="block size-2.25 translate-x-0.5 rounded-full bg-line-1 transition-transform data-[state=checked]:translate-x-3.5 data-[state=checked]:bg-bg-1" />
      </Radix.Root>
      <div>
        <label htmlFor={id} className="text-fg-0">
          {label}
        </label>
        {hint ? (
          <p id={`${id}-hint`} className="text-xs text-fg-2">
            {hint}
          </p>
        ) : null}
      </div>
    </div>
  );
}

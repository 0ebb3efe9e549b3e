import { Check, ChevronDown } from "lucide-react";
import { Select as Radix } from "radix-ui";
import { cx } from "../lib/cx.ts";
import { useFieldProps } from "./Field.tsx";
import { fieldBox, type InputSize } from "./field-box.ts";
import { floating } from "./Menu.tsx";

export interface SelectOption {
  value: string;
  label: string;
  hint?: string;
  isDisabled?: boolean;
}
export interface SelectProps {
  options: readonly SelectOption[];
  value: string;
  onChange: (value: string) => void;
  /** Needed outside of a Field. */
  label?: string;
  placeholder?: string;
  size?: InputSize;
  isDisabled?: boolean;
  className?: string;
}

export function Select({
  options,
  value,
  onChange,
  label,
  placeholder = "Choose…",
  size = "md",
  isDisabled = false,
  className,
}: SelectProps) {
  const field = useFieldProps();
  return (
    <Radix.Root value={value} onValueChange={onChange} disabled={isDisabled}>
      <Radix.Trigger
        {...field}
        aria-label={label}
        className={cx(fieldBox(size), "justify-between text-left data-placeholder:text-fg-3", className)}
      >
        <span className="min-w-0 truncate">
          <Radix.Value placeholder={placeholder} />
        </span>
        <ChevronDown size={14} className="flex-none text-fg-3" />
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          position="popper"
          sideOffset={4}
          collisionPadding={8}
          className={cx(floating, "max-h-80 min-w-(--radix-select-trigger-width)")}
        >
          <Radix.Viewport className="p-1">
            {options.map((option) => (
              <Radix.Item
                key={option.value}
                value={option.value}
                disabled={option.isDisabled ?? false}
                className="flex min-h-7 items-center gap-2 rounded-1 py-1 pr-2 pl-2 text-sm text-fg-0 outline-none data-disabled:text-fg-3 data-highlighted:bg-bg-3 narrow:min-h-11"
              >
                <span className="min-w-0 flex-1">
                  <Radix.ItemText>{option.label}</Radix.ItemText>
                  {option.hint ? <span className="block text-xs text-fg-2">{option.hint}</span> : null}
                </span>
                <Radix.ItemIndicator>
                  <Check size={14} />
                </Radix.ItemIndicator>
              </Radix.Item>
            ))}
          </Radix.Viewport>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

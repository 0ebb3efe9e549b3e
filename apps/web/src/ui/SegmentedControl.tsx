import { ToggleGroup as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { Tooltip } from "./Tooltip.tsx";

export interface Segment<T extends string> {
  value: T;
  label: string;
  /** With an icon the label becomes its name and tooltip, unless `isLabelShown`. */
  icon?: ReactNode;
  isLabelShown?: boolean;
}

/** One of a few, all visible. */
export function SegmentedControl<T extends string>({
  segments,
  value,
  onChange,
  label,
}: {
  segments: readonly Segment<T>[];
  value: T;
  onChange: (value: T) => void;
  label: string;
}) {
  return (
    <Radix.Root
      type="single"
      value={value}
      onValueChange={(next: string) => next && onChange(next as T)}
      aria-label={label}
      className="inline-flex gap-px rounded-2 bg-bg-3 p-0.5"
    >
      {segments.map((segment) => {
        const isIconOnly = segment.icon !== undefined && !segment.isLabelShown;
        const item = (
          <Radix.Item
            key={segment.value}
            value={segment.value}
            aria-label={isIconOnly ? segment.label : undefined}
            className="relative inline-flex h-5.5 items-center gap-1.25 rounded-1 px-2 text-xs font-medium text-fg-2 hover:text-fg-0 aria-checked:bg-bg-1 aria-checked:text-fg-0 aria-checked:shadow-1 before:absolute before:-inset-y-0.5 before:inset-x-0 narrow:h-9 narrow:px-3 narrow:before:-inset-y-1"
          >
            {segment.icon}
            {isIconOnly ? null : segment.label}
          </Radix.Item>
        );
        return isIconOnly ? (
          <Tooltip key={segment.value} text={segment.label}>
            {item}
          </Tooltip>
        ) : (
          item
        );
      })}
    </Radix.Root>
  );
}

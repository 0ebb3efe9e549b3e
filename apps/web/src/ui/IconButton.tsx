import type { ComponentProps, ReactNode } from "react";
import { cx } from "../lib/cx.ts";
import { Tooltip } from "./Tooltip.tsx";

export interface IconButtonProps extends Omit<ComponentProps<"button">, "aria-label"> {
  /** Its name; also the tooltip. */
  label: string;
  size?: "sm" | "md";
  /** Pressed look and `aria-pressed`, for toggles. */
  isOn?: boolean;
  /** Key caps for the tooltip. */
  keys?: ReactNode;
  /** `none` where the icon says it all and Esc must reach what lies below: the cross of a dialog. */
  tooltipSide?: "top" | "bottom" | "left" | "right" | "none";
}

export function IconButton({
  label,
  size = "md",
  isOn,
  keys,
  tooltipSide = "bottom",
  className,
  children,
  type = "button",
  ...rest
}: IconButtonProps) {
  const button = (
    <button
      type={type}
      aria-label={label}
      aria-pressed={isOn}
      className={cx(
        "inline-grid flex-none place-items-center rounded-2 text-fg-2 transition-colors hover:bg-bg-3 hover:text-fg-0",
        "aria-pressed:bg-bg-3 aria-pressed:text-fg-0 data-[state=open]:bg-bg-3 data-[state=open]:text-fg-0 disabled:bg-transparent disabled:text-line-1",
        size === "sm" ? "relative size-6 narrow:size-8 narrow:before:absolute narrow:before:-inset-1.5" : "size-7 narrow:size-11",
        className,
      )}
      {...rest}
    >
      {children}
    </button>
  );
  if (tooltipSide === "none") return button;
  return (
    <Tooltip text={label} keys={keys} side={tooltipSide}>
      {button}
    </Tooltip>
  );
}

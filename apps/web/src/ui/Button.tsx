import { Slot } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";
import { cx } from "../lib/cx.ts";
import { Spinner } from "./Spinner.tsx";

export type ButtonVariant = "primary" | "plain" | "ghost" | "danger";
export type ButtonSize = "sm" | "md" | "lg";

const variants: Record<ButtonVariant, string> = {
  primary: "border-transparent bg-brand text-on-brand hover:bg-brand-hover",
  plain: "border-line-0 bg-bg-1 text-fg-0 hover:bg-bg-2",
  ghost: "border-transparent text-fg-1 hover:bg-bg-3 hover:text-fg-0",
  danger: "border-line-0 bg-bg-1 text-err hover:bg-err-soft",
};
const sizes: Record<ButtonSize, string> = {
  sm: "relative h-6 gap-1.25 px-2 text-xs narrow:h-8 narrow:px-2.5 narrow:before:absolute narrow:before:-inset-x-0.5 narrow:before:-inset-y-1.75",
  md: "h-7 gap-1.5 px-2.5 text-sm narrow:h-11 narrow:px-3.5 narrow:text-md",
  lg: "h-9 gap-1.5 px-3.5 text-sm narrow:h-11 narrow:text-md",
};

/** The look of a button, for links and other elements that act as one. */
export function buttonClass({
  variant = "plain",
  size = "md",
  isWide = false,
}: { variant?: ButtonVariant; size?: ButtonSize; isWide?: boolean } = {}): string {
  return cx(
    "inline-flex shrink-0 select-none items-center justify-center rounded-2 border font-medium whitespace-nowrap transition-colors",
    "disabled:border-line-0 disabled:bg-bg-2 disabled:text-fg-3 aria-disabled:border-line-0 aria-disabled:bg-bg-2 aria-disabled:text-fg-3",
    variants[variant],
    sizes[size],
    isWide && "w-full",
  );
}

export interface ButtonProps extends ComponentProps<"button"> {
  /** One `primary` per view; `danger` is an ink, never a fill. */
  variant?: ButtonVariant;
  size?: ButtonSize;
  icon?: ReactNode;
  /** Key caps shown at the end; also set `aria-keyshortcuts`. */
  keys?: ReactNode;
  /** Keeps its width and focus, shows a spinner with `loadingWord`, refuses clicks. */
  isLoading?: boolean;
  loadingWord?: string;
  isWide?: boolean;
  /** Puts look and behaviour on the single child (a link). */
  asChild?: boolean;
}

export function Button({
  variant = "plain",
  size = "md",
  icon,
  keys,
  isLoading = false,
  loadingWord,
  isWide = false,
  asChild = false,
  className,
  children,
  type = "button",
  onClick,
  ...rest
}: ButtonProps) {
  const look = cx(buttonClass({ variant, size, isWide }), className);
  if (asChild)
    return (
      <Slot.Root className={look} {...rest}>
        {children}
      </Slot.Root>
    );
  return (
    <button
      type={type}
      className={look}
      aria-disabled={isLoading || undefined}
      aria-busy={isLoading || undefined}
      onClick={isLoading ? (event) => event.preventDefault() : onClick}
      {...rest}
    >
      {isLoading ? (
        <Spinner word={loadingWord ?? "Working…"} isQuiet />
      ) : (
        <>
          {icon}
          {children}
          {keys ? (
            <span aria-hidden="true" className={cx("-mr-0.75 ml-0.5 inline-flex narrow:hidden", variant === "primary" && "key-on-brand")}>
              {keys}
            </span>
          ) : null}
        </>
      )}
    </button>
  );
}

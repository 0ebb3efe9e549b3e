import type { ReactNode } from "react";
import { cx } from "../lib/cx.ts";

export type Tone = "neutral" | "ok" | "warn" | "err" | "info" | "live";
const ink: Record<Tone, string> = {
  neutral: "text-fg-2",
  ok: "text-ok",
  warn: "text-warn",
  err: "text-err",
  info: "text-info",
  live: "text-brand-ink",
};
const ground: Record<Tone, string> = {
  neutral: "bg-bg-3",
  ok: "bg-ok-soft",
  warn: "bg-warn-soft",
  err: "bg-err-soft",
  info: "bg-info-soft",
  live: "bg-brand-soft",
};

export type DotShape = "filled" | "half" | "ring" | "square";
/** State as shape: filled runs, half wants a restart, ring is stopped, square is external. */
export const Dot = ({ shape, tone = "neutral", className }: { shape: DotShape; tone?: Tone; className?: string }) => (
  <span
    aria-hidden="true"
    className={cx(
      "inline-block size-2 flex-none border-[1.5px] border-current",
      shape === "square" ? "rounded-[1.5px]" : "rounded-full",
      shape === "filled" && "bg-current",
      shape === "half" && "bg-[linear-gradient(90deg,currentColor_50%,transparent_50%)]",
      ink[tone],
      className,
    )}
  />
);

export interface PillProps {
  tone?: Tone;
  /** 12 px icon, Dot, or nothing; meaning never hangs on colour alone. */
  icon?: ReactNode;
  isBusy?: boolean;
  /** No ground: for tables and rows. */
  isBare?: boolean;
  children: ReactNode;
  className?: string;
  title?: string;
}

/** Status in one or two words. */
export function Pill({ tone = "neutral", icon, isBusy = false, isBare = false, children, className, title }: PillProps) {
  return (
    <span
      title={title}
      className={cx(
        "inline-flex h-5 flex-none items-center gap-1.25 rounded-full text-2xs font-medium whitespace-nowrap [&_svg]:size-3",
        ink[tone],
        !isBare && ground[tone],
        !isBare && "pr-1.75 pl-1.5",
        className,
      )}
    >
      {isBusy ? <span className="spin size-2.25!" aria-hidden="true" /> : icon}
      {children}
    </span>
  );
}

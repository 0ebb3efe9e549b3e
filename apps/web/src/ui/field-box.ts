import { cx } from "../lib/cx.ts";

export type InputSize = "sm" | "md" | "lg";
const heights: Record<InputSize, string> = { sm: "h-7 narrow:h-11", md: "h-8 narrow:h-11", lg: "h-10 text-md narrow:h-12" };

/** The frame around a one-line control; also used by selects. */
export const fieldBox = (size: InputSize, isSoft = false) =>
  cx(
    "flex w-full items-center gap-2 rounded-2 border px-2.5 text-fg-0 narrow:text-lg",
    heights[size],
    isSoft ? "border-line-0 bg-bg-2" : "border-line-1 bg-bg-1",
    "has-[[aria-invalid]]:border-err focus-within:outline-2 focus-within:-outline-offset-1 focus-within:outline-focus has-disabled:bg-bg-2 has-disabled:text-fg-3",
  );
export const fieldInput = "h-full min-w-0 flex-1 bg-transparent outline-none";

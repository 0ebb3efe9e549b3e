import { useLayoutEffect, useRef, type ComponentProps, type CSSProperties, type RefObject } from "react";
import { cx } from "../lib/cx.ts";
import { useFieldProps } from "./Field.tsx";

const growsByItself = typeof CSS !== "undefined" && CSS.supports("field-sizing", "content");

/** Grows with its text up to `maxHeightPx`, then scrolls. Where CSS cannot (`field-sizing`), script does. */
export function useAutosize(ref: RefObject<HTMLTextAreaElement | null>, value: unknown, maxHeightPx: number): void {
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box || growsByItself) return undefined;
    const fit = () => {
      box.style.height = "auto";
      box.style.height = `${Math.min(box.scrollHeight, maxHeightPx)}px`;
    };
    fit();
    box.addEventListener("input", fit);
    return () => box.removeEventListener("input", fit);
  }, [ref, value, maxHeightPx]);
}

export function Textarea({
  maxHeightPx = 320,
  rows = 3,
  className,
  value,
  style,
  ref,
  ...rest
}: ComponentProps<"textarea"> & { maxHeightPx?: number }) {
  const field = useFieldProps();
  const box = useRef<HTMLTextAreaElement>(null);
  // Without a value it keeps its text itself, and any render may follow a change.
  useAutosize(box, value ?? {}, maxHeightPx);
  return (
    <textarea
      ref={(element) => {
        box.current = element;
        if (typeof ref === "function") return ref(element);
        if (ref) ref.current = element;
        return undefined;
      }}
      {...field}
      value={value}
      rows={rows}
      style={{ "--rows": rows, maxHeight: maxHeightPx, ...style } as CSSProperties}
      className={cx(
        "textarea-rows field-sizing-content w-full resize-none rounded-2 border border-line-1 bg-bg-1 px-2.5 py-2 text-md text-fg-0 aria-invalid:border-err narrow:text-lg",
        "focus-visible:outline-2 focus-visible:-outline-offset-1",
        className,
      )}
      {...rest}
    />
  );
}

import { useLayoutEffect, useRef, type RefObject } from "react";
import { flushSync } from "react-dom";

/** Where frames are not painted (a hidden tab), changes are reported after this time. */
const unpaintedMs = 100;

/**
 * The text of a field that keeps it itself (`defaultValue`), so that a letter is painted before anything else reacts to it. A change is reported
 * after it was painted, together with those that followed; `flush` reports it at once, for whatever acts on the text. A new `value` that is not the
 * echo of a report replaces the text.
 */
export function useFieldText(
  ref: RefObject<HTMLTextAreaElement | null>,
  value: string,
  onChange: (text: string) => void,
): { change: (text: string) => void; flush: () => void; isPending: () => boolean } {
  const latest = useRef({ value, onChange });
  const reported = useRef(value);
  const pending = useRef<{ text: string; cancel: () => void }>(undefined);
  useLayoutEffect(() => {
    const isNew = latest.current.value !== value;
    latest.current = { value, onChange };
    const field = ref.current;
    if (!isNew || value === reported.current || !field) return;
    pending.current?.cancel();
    pending.current = undefined;
    reported.current = value;
    if (field.value !== value) field.value = value;
  });
  // What was typed right before the field is gone is kept by its owner, too.
  useLayoutEffect(
    () => () => {
      if (!pending.current) return;
      pending.current.cancel();
      latest.current.onChange(pending.current.text);
      pending.current = undefined;
    },
    [],
  );
  const flush = () => {
    if (!pending.current) return;
    const { text, cancel } = pending.current;
    cancel();
    pending.current = undefined;
    reported.current = text;
    flushSync(() => latest.current.onChange(text));
  };
  return {
    change: (text) => {
      if (pending.current) {
        pending.current.text = text;
        return;
      }
      const late = setTimeout(flush, unpaintedMs);
      let painted: ReturnType<typeof setTimeout> | undefined;
      const frame = requestAnimationFrame(() => {
        painted = setTimeout(flush);
      });
      pending.current = {
        text,
        cancel: () => {
          clearTimeout(late);
          clearTimeout(painted);
          cancelAnimationFrame(frame);
        },
      };
    },
    flush,
    isPending: () => pending.current !== undefined,
  };
}

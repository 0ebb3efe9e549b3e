import { useRef, useState, type ClipboardEvent, type ComponentProps, type KeyboardEvent, type ReactNode, type RefObject } from "react";
import { cx } from "../lib/cx.ts";
import { useHandler } from "../lib/use-handler.ts";
import { useAutosize } from "./Textarea.tsx";
import { useFieldText } from "./use-field-text.ts";

export interface ComposerBoxProps {
  value: string;
  /** After the change was painted, and before the handlers below. */
  onChange: (value: string) => void;
  /** Enter without Shift, outside of an input method's composition. */
  onSubmit: () => void;
  /** Keys not taken by Enter: history, mode cycling, steering. Call `preventDefault` to take one. */
  onKeyDown?: (event: KeyboardEvent<HTMLTextAreaElement>) => void;
  label: string;
  placeholder?: string;
  size?: "chat" | "hero";
  isReadOnly?: boolean;
  /** Chips of files and mentions, above the text. */
  attachments?: ReactNode;
  /** The bar: 24 px ghosts, then the send or stop button. Where it is narrower than 320 px (`tight`), they leave out what is not needed. */
  bar?: ReactNode;
  /** Takes the bar's place: one sentence and two actions (no model, no credits). The draft stays. */
  notice?: ReactNode;
  /** Below the bar, which stays usable: one sentence and its actions. */
  foot?: ReactNode;
  textareaRef?: RefObject<HTMLTextAreaElement | null>;
  textareaProps?: Omit<ComponentProps<"textarea">, "value" | "onChange" | "onKeyDown" | "onBlur" | "ref">;
  className?: string;
}

/** The frame every prompt is written in: Home and chat share it. */
export function ComposerBox({
  value,
  onChange,
  onSubmit,
  onKeyDown,
  label,
  placeholder,
  size = "chat",
  isReadOnly = false,
  attachments,
  bar,
  notice,
  foot,
  textareaRef,
  textareaProps,
  className,
}: ComposerBoxProps) {
  const isHero = size === "hero";
  const maxHeightPx = isHero ? 320 : 240;
  const ownRef = useRef<HTMLTextAreaElement>(null);
  const ref = textareaRef ?? ownRef;
  const [initial] = useState(value);
  const { change, flush, isPending } = useFieldText(ref, value, onChange);
  useAutosize(ref, value, maxHeightPx);
  // They see the text that was flushed before.
  const keyDown = useHandler((event: KeyboardEvent<HTMLTextAreaElement>) => {
    onKeyDown?.(event);
    if (event.defaultPrevented || event.key !== "Enter" || event.shiftKey || event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.nativeEvent.isComposing) return;
    event.preventDefault();
    onSubmit();
  });
  const paste = useHandler((event: ClipboardEvent<HTMLTextAreaElement>) => textareaProps?.onPaste?.(event));
  return (
    <div
      className={cx(
        "rounded-3 border border-line-1 bg-bg-1 focus-within:has-[textarea:focus]:border-fg-1 focus-within:has-[textarea:focus]:ring ring-fg-1",
        className,
      )}
    >
      {attachments ? <div className="flex flex-wrap gap-1 px-3 pt-2.5">{attachments}</div> : null}
      <textarea
        ref={ref}
        rows={1}
        aria-label={label}
        placeholder={placeholder}
        defaultValue={initial}
        readOnly={isReadOnly}
        style={{ maxHeight: maxHeightPx }}
        className={cx(
          "field-sizing-content block w-full resize-none bg-transparent text-fg-0 outline-none",
          isHero ? "min-h-19.5 px-4 pt-3.5 pb-1.5 text-lg leading-note" : "min-h-10.5 px-3 pt-2.5 pb-1 text-md leading-note narrow:text-lg",
        )}
        {...textareaProps}
        onChange={(event) => change(event.target.value)}
        onBlur={flush}
        onKeyDown={(event) => {
          const isLetter = event.key.length === 1 && !event.metaKey && !event.ctrlKey && !event.altKey;
          if (!isLetter) flush();
          keyDown(event);
        }}
        onPaste={(event) => {
          flush();
          paste(event);
        }}
        onSelect={(event) => {
          // A reported change tells where the caret is, too.
          if (!isPending()) textareaProps?.onSelect?.(event);
        }}
      />
      {notice ? null : (
        <div className={cx("@container/composer flex items-center", isHero ? "gap-1 px-2 pt-1.5 pb-2" : "gap-0.5 px-1.5 pt-1 pb-1.5")}>
          {bar}
        </div>
      )}
      {(notice ?? foot) ? (
        <div className="flex flex-wrap items-center gap-2.5 border-t border-line-0 px-3 py-2.5 text-sm leading-note">{notice ?? foot}</div>
      ) : null}
    </div>
  );
}

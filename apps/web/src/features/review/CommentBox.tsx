import { MessageSquare, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Kbds } from "../../ui/Kbd.tsx";
import { capsOf } from "../../lib/shortcut-keys.ts";
import { Textarea } from "../../ui/Textarea.tsx";
import type { Comment } from "./review.ts";

const frame = "border-y border-line-0 bg-bg-1 px-3 py-2.5 font-sans text-sm";

/** Input for a comment. All comments are sent as one message. */
export function CommentBox({ place, onSave, onCancel }: { place: string; onSave: (text: string) => void; onCancel: () => void }) {
  const [text, setText] = useState("");
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.querySelector("textarea")?.focus(), []);
  const save = () => {
    if (text.trim()) onSave(text.trim());
  };
  return (
    <div ref={box} className={frame}>
      <Textarea
        rows={2}
        aria-label={`Comment on ${place}`}
        placeholder="Describe what should change"
        value={text}
        maxLength={2000}
        className="text-sm!"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            event.preventDefault();
            onCancel();
          } else if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
            event.preventDefault();
            save();
          }
        }}
      />
      <div className="mt-2 flex flex-wrap items-center gap-2">
        <Button size="sm" disabled={text.trim() === ""} onClick={save} keys={<Kbds caps={capsOf("$mod+Enter").flat()} />}>
          Add comment
        </Button>
        <Button size="sm" variant="ghost" onClick={onCancel}>
          Cancel
        </Button>
        <span className="text-2xs text-fg-2">{place}</span>
      </div>
    </div>
  );
}

/** A comment that is not sent yet. */
export const CommentNote = ({ comment, onRemove }: { comment: Comment; onRemove: () => void }) => (
  <div className={`${frame} flex items-start gap-2`}>
    <MessageSquare size={14} className="mt-0.5 flex-none text-fg-2" aria-hidden="true" />
    <div className="min-w-0 flex-1">
      <p className="text-2xs text-fg-2">Your comment on {comment.place}, not sent yet</p>
      <p className="break-words whitespace-pre-wrap text-fg-0">{comment.text}</p>
    </div>
    <IconButton size="sm" label={`Remove comment on ${comment.place}`} onClick={onRemove}>
      <X size={14} />
    </IconButton>
  </div>
);

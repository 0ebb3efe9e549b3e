import { Redo2 } from "lucide-react";
import { memo, useId, useState } from "react";
import { cx } from "../../lib/cx.ts";
import { Button } from "../../ui/Button.tsx";
import { Markdown } from "../../ui/markdown/Markdown.tsx";
import type { RewoundMessage } from "./chat.types.ts";
import { useRunActions } from "./run-actions.ts";

/** A message that a restore has hidden. The first one has the Redo button. */
export const GoneRow = memo(({ message, isFirst, name }: { message: RewoundMessage; isFirst: boolean; name: string }) => {
  const actions = useRunActions();
  return (
    <div className="pb-2.5">
      {isFirst ? (
        <div className="mb-2 flex min-h-7 flex-wrap items-center gap-2 rounded-2 bg-bg-2 px-2.5 py-1 text-xs text-fg-1">
          <div className="min-w-48 flex-1">
            <p>Later messages are hidden. They're discarded when you send a new message.</p>
            {actions?.hasDatabase ? (
              <p>Tables, columns and rows that were created or changed since then stay, unless you restored databases too.</p>
            ) : null}
          </div>
          {actions ? (
            <Button
              size="sm"
              icon={<Redo2 size={14} />}
              disabled={actions.isBusy && !actions.isRedoing}
              isLoading={actions.isRedoing}
              loadingWord="Redoing…"
              onClick={actions.redo}
            >
              Redo
            </Button>
          ) : null}
        </div>
      ) : null}
      <HiddenMessage message={message} name={name} />
    </div>
  );
});

/** Longer messages are folded. */
const foldedLines = 3;
const foldedChars = 240;

/** The message as the transcript shows it, muted; a long one is folded. */
function HiddenMessage({ message: { role, text }, name }: { message: RewoundMessage; name: string }) {
  const [isOpen, setIsOpen] = useState(false);
  const id = useId();
  const isLong = text.length > foldedChars || text.trim().split("\n").length > foldedLines;
  return (
    <>
      <div
        id={id}
        className={cx(
          "max-w-190 [--fg-0:var(--fg-3)] [--fg-1:var(--fg-3)] [--fg-2:var(--fg-3)]",
          isLong && !isOpen && "max-h-16 overflow-hidden",
        )}
      >
        <span className="sr-only">Hidden message from {role === "user" ? name : "the agent"}: </span>
        {role === "user" ? (
          <p className="text-md leading-read break-words whitespace-pre-wrap text-fg-3">{text}</p>
        ) : (
          <Markdown text={text} />
        )}
      </div>
      {isLong ? (
        <Button size="sm" variant="ghost" aria-expanded={isOpen} aria-controls={id} onClick={() => setIsOpen(!isOpen)} className="-ml-2">
          {isOpen ? "Show less" : "Show all"}
        </Button>
      ) : null}
    </>
  );
}

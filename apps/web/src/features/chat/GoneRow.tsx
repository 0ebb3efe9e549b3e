import { Redo2 } from "lucide-react";
import { memo } from "react";
import { Button } from "../../ui/Button.tsx";
import type { RewoundMessage } from "./chat.types.ts";
import { useRunActions } from "./run-actions.ts";

/** A message that a restore has hidden. The first one has the Redo button. */
export const GoneRow = memo(({ message, isFirst, name }: { message: RewoundMessage; isFirst: boolean; name: string }) => {
  const actions = useRunActions();
  return (
    <div className="pb-2.5">
      {isFirst ? (
        <div className="mb-2 flex min-h-7 flex-wrap items-center gap-2 rounded-2 bg-bg-2 px-2.5 py-1 text-xs text-fg-1">
          <span className="min-w-0 flex-1">Later messages are hidden. They're discarded when you send a new message.</span>
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
      <p className="line-clamp-3 max-w-190 text-sm leading-read break-words whitespace-pre-wrap text-fg-3">
        <span className="sr-only">Hidden message from {message.role === "user" ? name : "the agent"}: </span>
        {message.text}
      </p>
    </div>
  );
});

import { Redo2 } from "lucide-react";
import { memo } from "react";
import { Button } from "../../ui/Button.tsx";
import type { RewoundMessage } from "./chat.types.ts";
import { useRunActs } from "./run-acts.ts";

/** Something that was said and is not part of the conversation now; the first one carries the way forth. */
export const GoneRow = memo(({ message, isFirst, name }: { message: RewoundMessage; isFirst: boolean; name: string }) => {
  const acts = useRunActs();
  return (
    <div className="pb-2.5">
      {isFirst ? (
        <div className="mb-2 flex min-h-7 flex-wrap items-center gap-2 rounded-2 bg-bg-2 px-2.5 py-1 text-xs text-fg-1">
          <span className="min-w-0 flex-1">You went back. What was said since is taken out until you say something else.</span>
          {acts ? (
            <Button
              size="sm"
              icon={<Redo2 size={14} />}
              disabled={acts.isBusy && !acts.isRedoing}
              isLoading={acts.isRedoing}
              loadingWord="Redoing"
              onClick={acts.redo}
            >
              Redo
            </Button>
          ) : null}
        </div>
      ) : null}
      <p className="line-clamp-3 max-w-[760px] text-sm leading-read break-words whitespace-pre-wrap text-fg-3">
        <span className="sr-only">Taken out, {message.role === "user" ? name : "the agent"}: </span>
        {message.text}
      </p>
    </div>
  );
});

import { X } from "lucide-react";
import { useWorkbenchActions } from "../../project/workbench-actions.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import type { AppFailure } from "./app-failure.ts";
import { FailureFacts } from "./FailureFacts.tsx";

/** In the chat while the app does not work: what happened, and a fix in one click. */
export function FailureCard({ failure, onDismiss }: { failure: AppFailure; onDismiss: () => void }) {
  const { ask, openDock, openLogs, openFile } = useWorkbenchActions();
  const { message, details } = failure.request;
  return (
    <section
      role="status"
      aria-label="App error"
      className="rounded-3 border border-l-3 border-line-0 border-l-err! bg-bg-1 px-3 py-2.5 text-sm shadow-1"
    >
      <div className="flex items-start gap-1">
        <div className="min-w-0 flex-1">
          <FailureFacts failure={failure} onOpenFile={openFile} />
        </div>
        <IconButton size="sm" label="Dismiss" onClick={onDismiss}>
          <X size={14} />
        </IconButton>
      </div>
      <div className="flex flex-wrap gap-1.5 pt-2 pl-5.75 narrow:[&>button]:h-11 narrow:[&>button]:flex-1">
        <Button size="sm" variant="primary" onClick={() => ask(message, details)}>
          Fix with agent
        </Button>
        {failure.kind === "crash" ? (
          <Button size="sm" variant="ghost" onClick={() => openLogs()}>
            Show logs
          </Button>
        ) : (
          <Button size="sm" variant="ghost" onClick={() => openDock("problems")}>
            Show problems
          </Button>
        )}
      </div>
    </section>
  );
}

import { History, RotateCw } from "lucide-react";
import { useState } from "react";
import { formatDateTime, formatRelativeTime } from "../../lib/time.ts";
import { Button } from "../../ui/Button.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { ErrorSentence } from "../../ui/HelpLink.tsx";
import { ThreadItem } from "../../ui/thread/index.ts";
import { useLostFiles } from "./use-lost-files.ts";

const list = new Intl.ListFormat("en-GB", { type: "conjunction" });

/** Shown in place of the app: what is lost, and the copy from which the rest is restored. */
export function LostFilesState() {
  const { copy, refresh, failed, restore, isStarting } = useLostFiles();
  const [isChecking, setChecking] = useState(false);
  const check = () => {
    setChecking(true);
    void refresh().finally(() => setChecking(false));
  };
  if (copy.isPending)
    return (
      <div role="status" aria-label="Loading copy of files…" className="flex items-center gap-2.5 p-6 text-sm text-fg-2">
        <span className="spin" aria-hidden="true" />
        Loading copy of files…
      </div>
    );
  if (copy.isError)
    return (
      <ErrorState title="Couldn't load the copy of the files" onRetry={check} isRetrying={isChecking}>
        <ErrorSentence of={copy.error} />
      </ErrorState>
    );
  const { snapshot } = copy.data;
  const again = (
    <Button
      variant={snapshot ? "ghost" : "plain"}
      icon={<RotateCw size={14} />}
      onClick={check}
      isLoading={isChecking}
      loadingWord="Checking…"
    >
      Check again
    </Button>
  );
  return (
    <ErrorState
      title="The files of this project are missing"
      action={
        snapshot ? (
          <>
            <Button variant="primary" icon={<History size={14} />} onClick={restore} isLoading={isStarting} loadingWord="Restoring files…">
              Restore files
            </Button>
            {again}
          </>
        ) : (
          again
        )
      }
      help="/help/guides/snapshots#missing-files"
    >
      <p>The disk that had them was lost or isn't connected.</p>
      {snapshot ? (
        <>
          <p className="pt-2">
            They can be restored from the snapshot <b className="font-medium text-fg-0">“{snapshot.label}”</b> of{" "}
            <time dateTime={snapshot.created_at} title={formatRelativeTime(snapshot.created_at)} className="whitespace-nowrap text-fg-0">
              {formatDateTime(snapshot.created_at)}
            </time>
            {snapshot.databases.length > 0 ? `, with the rows of ${list.format(snapshot.databases)}` : ""}.
          </p>
          <p className="pt-2">Changes after that moment are lost, and so are checkpoints and snapshots without a copy.</p>
        </>
      ) : (
        <p className="pt-2">There is no copy of them. Ask the operator of this server to connect the disk again.</p>
      )}
      {failed?.error ? <p className="pt-2 text-err">The last restore failed: {failed.error}</p> : null}
    </ErrorState>
  );
}

/** The same in the chat, in short. */
export function LostFilesRow() {
  const { copy, restore, isStarting } = useLostFiles();
  return (
    <ThreadItem bead="failed" className="[--bead-y:13px]">
      <div className="flex flex-wrap items-center gap-2 pb-3 text-xs" role="alert">
        <span className="min-w-0 flex-1 text-fg-1">The files of this project are missing.</span>
        {copy.data?.snapshot ? (
          <Button size="sm" icon={<History size={14} />} onClick={restore} isLoading={isStarting} loadingWord="Restoring files…">
            Restore files
          </Button>
        ) : null}
      </div>
    </ThreadItem>
  );
}

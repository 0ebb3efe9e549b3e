import { FileText, RotateCw } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "../../ui/Button.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import type { PageLoad } from "./use-page-load.ts";

/** A page that is shown sooner needs no explanation. */
const explainedMs = 4_000;

/** Covers the frame until the page shows something, instead of an empty white frame. */
export function PageLoading({
  load,
  container,
  onReload,
  onShowLogs,
  onShowPage,
}: {
  load: Exclude<PageLoad, "shown">;
  container: string;
  onReload: () => void;
  onShowLogs: () => void;
  onShowPage: () => void;
}) {
  const [isSlow, setIsSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsSlow(true), explainedMs);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="scroll-y absolute inset-0 grid grid-cols-1 place-items-center bg-bg-2">
      {load === "unanswered" ? (
        <ErrorState
          title="The app isn't responding"
          action={
            <>
              <Button icon={<RotateCw size={14} />} onClick={onReload}>
                Reload page
              </Button>
              <Button icon={<FileText size={14} />} variant="ghost" onClick={onShowLogs}>
                Show logs
              </Button>
              <Button variant="ghost" onClick={onShowPage}>
                Show page anyway
              </Button>
            </>
          }
        >
          {container} runs, but its page is still empty. It appears here as soon as it shows something. Check the logs for what it waits
          for.
        </ErrorState>
      ) : (
        <div role="status" className="flex max-w-120 flex-col items-center gap-2 p-6 text-center">
          <span className="flex items-center gap-2.5 text-md">
            <span className="spin" aria-hidden="true" />
            Loading the app…
          </span>
          <p className="min-h-10 text-sm text-fg-2">
            {!isSlow
              ? null
              : load === "requested"
                ? `Waiting for ${container} to send the page.`
                : "The page is loading its scripts. The first load takes longer, because they are compiled."}
          </p>
        </div>
      )}
    </div>
  );
}

import { useEffect, useState } from "react";
import { reloadApp, reloadAfterChunkError, type ChunkLoadError } from "../lib/chunks.ts";
import { ErrorState } from "./ErrorState.tsx";

/** Shown in place of a chunk that couldn't be loaded. Reloads the app once automatically, then on Retry; only if the server responds. */
export function ChunkErrorState({ error }: { error: ChunkLoadError }) {
  const [isUnreachable, setIsUnreachable] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  useEffect(() => {
    void reloadAfterChunkError();
  }, []);
  const retry = async () => {
    setIsBusy(true);
    setIsUnreachable(!(await reloadApp()));
    setIsBusy(false);
  };
  return (
    <ErrorState
      title="Couldn't load this part of the app"
      onRetry={() => void retry()}
      isRetrying={isBusy}
      details={error.cause instanceof Error ? error.cause.stack : String(error.cause)}
    >
      {isUnreachable
        ? "The server didn't respond. Check your connection, then try again."
        : "The app was updated or your connection dropped. Retry reloads the app."}
    </ErrorState>
  );
}

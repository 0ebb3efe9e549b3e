import { useEffect, useState } from "react";
import { reloadApp, reloadForMissingPart, type MissingPart } from "../lib/chunks.ts";
import { ErrorState } from "./ErrorState.tsx";

/** Stands for a part of the app that could not be loaded. Reloads the app once by itself, then when asked, and only while the server answers. */
export function PartMissing({ error }: { error: MissingPart }) {
  const [isUnreachable, setIsUnreachable] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  useEffect(() => {
    void reloadForMissingPart();
  }, []);
  const retry = async () => {
    setIsBusy(true);
    setIsUnreachable(!(await reloadApp()));
    setIsBusy(false);
  };
  return (
    <ErrorState
      title="This part of the app could not be loaded"
      onRetry={() => void retry()}
      isRetrying={isBusy}
      details={error.cause instanceof Error ? error.cause.stack : String(error.cause)}
    >
      {isUnreachable
        ? "The server does not answer. Check your connection, or try again in a moment."
        : "The server was updated or cannot be reached. Retry reloads the app."}
    </ErrorState>
  );
}

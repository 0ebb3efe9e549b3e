import { useEffect } from "react";
import { reloadForMissingPart, type MissingPart } from "../lib/chunks.ts";
import { ErrorState } from "./ErrorState.tsx";

/** In place of a part of the app that did not come: the whole is loaded again, once by itself, then when somebody asks. */
export function PartMissing({ error }: { error: MissingPart }) {
  useEffect(reloadForMissingPart, []);
  return (
    <ErrorState
      title="A part of the studio did not come"
      onRetry={() => location.reload()}
      details={error.cause instanceof Error ? error.cause.stack : String(error.cause)}
    >
      The studio was updated, or the line to it is broken. Retry loads it again.
    </ErrorState>
  );
}

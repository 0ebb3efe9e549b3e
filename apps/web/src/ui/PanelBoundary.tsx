import type { ReactNode } from "react";
import { ErrorBoundary } from "react-error-boundary";
import { MissingPart } from "../lib/chunks.ts";
import { ErrorState } from "./ErrorState.tsx";
import { PartMissing } from "./PartMissing.tsx";

/** A panel that breaks, breaks alone: cause, Retry, details in its place; its neighbours go on. `resetKeys` try it again by themselves. */
export function PanelBoundary({ title, resetKeys = [], children }: { title: string; resetKeys?: readonly unknown[]; children: ReactNode }) {
  return (
    <ErrorBoundary
      resetKeys={[...resetKeys]}
      fallbackRender={({ error, resetErrorBoundary }) =>
        error instanceof MissingPart ? (
          <PartMissing error={error} />
        ) : (
          <ErrorState title={title} onRetry={resetErrorBoundary} details={error instanceof Error ? error.stack : String(error)}>
            {error instanceof Error ? error.message : null}
          </ErrorState>
        )
      }
    >
      {children}
    </ErrorBoundary>
  );
}

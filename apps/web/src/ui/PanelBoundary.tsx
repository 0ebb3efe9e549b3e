import type { ReactNode } from "react";
import { ErrorBoundary } from "react-error-boundary";
import { ChunkLoadError } from "../lib/chunks.ts";
import { ErrorState } from "./ErrorState.tsx";
import { ChunkErrorState } from "./ChunkErrorState.tsx";

/** Keeps an error inside one panel: shows reason, Retry and details in its place. A change of `resetKeys` renders it again. */
export function PanelBoundary({ title, resetKeys = [], children }: { title: string; resetKeys?: readonly unknown[]; children: ReactNode }) {
  return (
    <ErrorBoundary
      resetKeys={[...resetKeys]}
      fallbackRender={({ error, resetErrorBoundary }) =>
        error instanceof ChunkLoadError ? (
          <ChunkErrorState error={error} />
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

import type { Container } from "@tesslate/contract";
import { useState, type ReactNode, type RefObject } from "react";
import { detailsOf, sentenceOf } from "../../lib/errors.ts";
import { cx } from "../../lib/cx.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { PreviewState, ShutOutNotice, type PreviewActs } from "./PreviewStates.tsx";
import { deviceWidths, PreviewToolbar, type Device } from "./PreviewToolbar.tsx";
import type { PreviewPhase } from "./preview-phase.ts";
import { currentProblems } from "./problems.ts";
import type { Preview } from "./use-preview.ts";

/** The running app in its frame, or the reason why it is not there. There is never a second frame. */
export function PreviewPane({
  preview,
  frameRef,
  phase,
  container,
  acts,
  onProblems,
  share,
}: {
  preview: Preview;
  frameRef: RefObject<HTMLIFrameElement | null>;
  phase: PreviewPhase;
  container: Container | undefined;
  acts: PreviewActs;
  onProblems: () => void;
  /** Stands in the toolbar, before the way out of the frame. */
  share?: ReactNode;
}) {
  const [device, setDevice] = useState<Device>("desktop");
  const width = deviceWidths[device];
  const isShown = phase.kind === "running" && !preview.ticketError;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <PreviewToolbar
        preview={preview}
        container={container}
        device={device}
        onDevice={setDevice}
        problemCount={currentProblems(preview.reports).length}
        onProblems={onProblems}
        share={share}
      />
      {isShown && preview.isShutOut ? <ShutOutNotice onOpen={preview.openOutside} onRetry={() => preview.enter()} /> : null}
      <div className="relative min-h-0 flex-1 overflow-auto border-y border-line-0 bg-bg-2">
        {preview.frame ? (
          <iframe
            ref={frameRef}
            data-testid="preview-frame"
            title={preview.title ? `Preview: ${preview.title}` : "Preview of the app"}
            src={preview.frame.src}
            sandbox="allow-scripts allow-same-origin allow-forms allow-popups allow-modals allow-downloads"
            allow="clipboard-write; fullscreen"
            style={width === undefined ? undefined : { width }}
            className={cx(
              // A page that sets no ground of its own stands on a browser's usual one, whatever our theme.
              "block h-full border-0 bg-[Canvas] [color-scheme:light]",
              width === undefined ? "w-full" : "mx-auto max-w-none border-x border-line-0",
              !isShown && "invisible absolute inset-0",
            )}
          />
        ) : null}
        {phase.kind === "running" ? (
          preview.ticketError ? (
            <div className="grid h-full grid-cols-1 place-items-center">
              <ErrorState title="The preview could not be entered" onRetry={() => preview.enter()} details={detailsOf(preview.ticketError)}>
                {sentenceOf(preview.ticketError)}
              </ErrorState>
            </div>
          ) : null
        ) : (
          <div className="scroll-y absolute inset-0 grid grid-cols-1 place-items-center">
            <PreviewState phase={phase} acts={acts} />
          </div>
        )}
      </div>
    </div>
  );
}

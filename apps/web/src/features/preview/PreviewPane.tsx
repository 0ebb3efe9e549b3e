import { Suspense, useRef, useState } from "react";
import { cx } from "../../lib/cx.ts";
import { detailsOf } from "../../lib/errors.ts";
import { useProject, useRuntime, useTasks } from "../../project/project-context.ts";
import { useWorkbenchActions } from "../../project/workbench-actions.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { ElementPanel } from "./on-demand.ts";
import { useOpenPreview } from "./open-preview.ts";
import { PageLoading } from "./PageLoading.tsx";
import { isOpen } from "./preview-phase.ts";
import { FailureNotice, PreviewState, ShutOutNotice, type PreviewActions } from "./PreviewStates.tsx";
import { deviceWidths, PreviewToolbar, type Device } from "./PreviewToolbar.tsx";
import { currentProblems } from "./problems.ts";
import { SharePreviewButton } from "./SharePreviewButton.tsx";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

/** The running app in its frame, or the reason why it is not shown. There is never a second frame. */
export function PreviewPane() {
  const project = useProject();
  const { preview, frameRef, phase, container, failure } = useOpenPreview();
  const runtime = useRuntime();
  const { openDock, openFile, openLogs, ask } = useWorkbenchActions();
  const isAgentBusy = useTasks().some((task) => task.type === "agent_execution" && isOpen(task));
  const [device, setDevice] = useState<Device>("desktop");
  const width = deviceWidths[device];
  const area = useRef<HTMLDivElement>(null);
  const isShown = phase.kind === "running" && !preview.ticketError;
  const actions: PreviewActions = {
    start: () => void runtime.start(),
    restart: runtime.restart,
    showLogs: () => openLogs(container?.id),
    fix: failure && !isAgentBusy ? () => ask(failure.request.message, failure.request.details) : undefined,
    openFile,
    isStarting: runtime.isStarting,
    retrySetup: runtime.retrySetup,
    isRetryingSetup: runtime.isRetryingSetup,
  };
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <PreviewToolbar
        preview={preview}
        container={container}
        device={device}
        onDevice={setDevice}
        problemCount={currentProblems(preview.reports).length}
        onProblems={() => openDock("problems")}
        share={container ? <SharePreviewButton projectId={project.id} container={container} /> : null}
      />
      {isShown && preview.isShutOut ? <ShutOutNotice onOpen={preview.openOutside} onRetry={() => preview.enter()} /> : null}
      {isShown && failure ? <FailureNotice failure={failure} actions={actions} /> : null}
      <div ref={area} className="relative min-h-0 flex-1 overflow-auto border-y border-line-0 bg-bg-2">
        {preview.frame ? (
          <iframe
            ref={frameRef}
            data-testid="preview-frame"
            title={preview.title ? `Preview: ${preview.title}` : "App preview"}
            src={preview.frame.src}
            onLoad={preview.frameLoaded}
            sandbox="allow-scripts allow-same-origin allow-forms allow-popups allow-modals allow-downloads"
            allow="clipboard-write; fullscreen"
            style={width === undefined ? undefined : { width }}
            className={cx(
              // A page without a background gets the browser's default one, whatever our theme.
              "block h-full border-0 bg-[Canvas] [color-scheme:light]",
              width === undefined ? "w-full" : "mx-auto max-w-none border-x border-line-0",
              !isShown && "invisible absolute inset-0",
            )}
          />
        ) : null}
        {isShown && preview.load !== "shown" && !failure ? (
          <PageLoading
            key={preview.frame?.nonce}
            load={preview.load}
            container={container?.name ?? "The app"}
            onReload={() => preview.enter()}
            onShowLogs={actions.showLogs}
            onShowPage={preview.showPage}
          />
        ) : null}
        {/* A click before the page is ready to select would be one on the app. */}
        {preview.isPickStarting ? <div className="absolute inset-0 cursor-progress" aria-hidden /> : null}
        {isShown && preview.selection ? (
          <Suspense>
            <ElementPanel key={preview.selection.id} selection={preview.selection} area={area} />
          </Suspense>
        ) : null}
        {phase.kind === "running" ? (
          preview.ticketError ? (
            <div className="grid h-full grid-cols-1 place-items-center">
              <ErrorState title="Couldn't load the preview" onRetry={() => preview.enter()} details={detailsOf(preview.ticketError)}>
                <ErrorSentence of={preview.ticketError} />
              </ErrorState>
            </div>
          ) : null
        ) : (
          <div className="scroll-y absolute inset-0 grid grid-cols-1 place-items-center">
            <PreviewState phase={phase} failure={failure} actions={actions} />
          </div>
        )}
      </div>
    </div>
  );
}

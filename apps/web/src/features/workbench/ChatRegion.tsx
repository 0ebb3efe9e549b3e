import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useProject, useRuntime, useTasks } from "../../project/project-context.ts";
import { PanelBoundary } from "../../ui/PanelBoundary.tsx";
import { ChatColumn, isRunActive, useConversation, SetupFailedRow, SetupRow } from "../chat/index.ts";
import { LostFilesRow } from "../lost-files/index.ts";
import { ModelNotice, modelSetupQuery } from "../models/index.ts";
import { FailureCard, useOpenPreview } from "../preview/index.ts";
import { useWorkbenchLayout } from "./layout-context.ts";
import { ResizeEdge } from "./ResizeEdge.tsx";
import { FoldedThread } from "./Scrubber.tsx";
import { chatWidth } from "./use-layout.ts";

const suggestions = [
  "Explain what this app does and how it is built.",
  "Check that the app starts without errors, and fix any issues.",
  "Make the app look good on a phone.",
];

/** The chat, or only its timeline when it is collapsed, and the edge that resizes it. */
export function ChatRegion() {
  const { chatSize, setChatSize } = useWorkbenchLayout();
  return (
    <div className="workbench-chat" data-region="chat">
      <div className="workbench-talk h-full">
        <PanelBoundary title="Something went wrong in Chat">
          <ProjectChat />
        </PanelBoundary>
      </div>
      <FoldedThread onUnfold={() => setChatSize({ isFolded: false })} />
      {chatSize.isFolded ? null : (
        <ResizeEdge
          label="Chat width"
          orientation="vertical"
          valuePx={chatSize.chatPx}
          minPx={chatWidth.min}
          maxPx={chatWidth.max}
          defaultPx={chatWidth.initial}
          growsForward
          onChange={(chatPx) => setChatSize({ chatPx })}
          className="workbench-edge inset-y-0 -right-1"
        />
      )}
    </div>
  );
}

/** The chat with the setup of the project, and the reason why a message cannot be sent. */
function ProjectChat() {
  const { setChatSize } = useWorkbenchLayout();
  const { environment_status: environment } = useProject();
  const first = useConversation((conversation) => conversation.first);
  const isRunning = useConversation(isRunActive);
  const { phase, failure } = useOpenPreview();
  const runtime = useRuntime();
  /** A dismissed failure stays hidden until another one comes. */
  const [dismissedKey, setDismissedKey] = useState<string>();
  const openTask = useTasks().find((task) => task.status === "running" || task.status === "queued");
  const setup = useQuery(modelSetupQuery).data;
  const isBeingMade = environment === "provisioning";
  const isSetupFailed = environment === "setup_failed";
  const isWithoutFiles = environment === "files_missing";
  return (
    <ChatColumn
      blockedBy={
        isSetupFailed
          ? "Project setup failed. Retry the setup first."
          : first
            ? "Your first message is sent when the project is ready."
            : isBeingMade
              ? "The project is being set up."
              : phase.kind === "restoring-files"
                ? "The files of this project are being restored."
                : isWithoutFiles
                  ? "The files of this project are missing. Restore them first."
                  : undefined
      }
      notice={setup && !setup.configured && !setup.demo ? <ModelNotice setup={setup} /> : undefined}
      tail={
        isBeingMade ? (
          <SetupRow title="Creating project…" task={openTask} />
        ) : isSetupFailed ? (
          <SetupFailedRow isRetrying={runtime.isRetryingSetup} onRetry={runtime.retrySetup} isWaiting={first !== undefined} />
        ) : phase.kind === "restoring-files" ? (
          <SetupRow title="Restoring files…" task={phase.task} />
        ) : isWithoutFiles ? (
          <LostFilesRow />
        ) : phase.kind === "starting" && !isRunning ? (
          <SetupRow title="Starting app…" task={phase.task} />
        ) : null
      }
      // During a run, errors come and go with each change.
      failure={
        failure && !isRunning && failure.key !== dismissedKey ? (
          <FailureCard failure={failure} onDismiss={() => setDismissedKey(failure.key)} />
        ) : null
      }
      suggestions={suggestions}
      onFold={() => setChatSize({ isFolded: true })}
    />
  );
}

import { Suspense, type ReactNode } from "react";
import { lazyComponent } from "../../lib/chunks.ts";
import { useProject } from "../../project/project-context.ts";
import { ConversationContext, useConversation, useOpenConversation } from "./conversation.ts";
import { RunActionsContext } from "./run-actions.ts";
import type { Reader } from "./TranscriptRows.tsx";
import { useOpenRunActions } from "./use-run-actions.ts";

const GoBackDialog = lazyComponent(async () => (await import("./GoBackDialog.tsx")).GoBackDialog);

/** Provides the chat of the open project. */
export function ConversationProvider({ reader, children }: { reader: Reader; children: ReactNode }) {
  return <ConversationContext value={useOpenConversation(reader)}>{children}</ConversationContext>;
}

/** Provides the actions on runs and messages, and renders the confirmation of an undo or a restore. */
export function RunActionsProvider({ children }: { children: ReactNode }) {
  const { id } = useProject();
  const { chat } = useConversation();
  const { actions, target, close, goBack } = useOpenRunActions(chat);
  return (
    <RunActionsContext value={actions}>
      {children}
      {target ? (
        <Suspense fallback={null}>
          <GoBackDialog projectId={id} target={target} state={chat.state} onClose={close} onGoBack={goBack} />
        </Suspense>
      ) : null}
    </RunActionsContext>
  );
}

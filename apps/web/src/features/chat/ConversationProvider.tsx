import { useCreateStore } from "@tanstack/react-store";
import { Suspense, useLayoutEffect, type ReactNode } from "react";
import { lazyComponent } from "../../lib/chunks.ts";
import { useProject } from "../../project/project-context.ts";
import { ConversationContext, useOpenConversation } from "./conversation.ts";
import { RunActionsContext } from "./run-actions.ts";
import type { Reader } from "./TranscriptRows.tsx";
import { useOpenRunActions } from "./use-run-actions.ts";

const GoBackDialog = lazyComponent(async () => (await import("./GoBackDialog.tsx")).GoBackDialog);

/** Provides the chat of the open project. */
export function ConversationProvider({ reader, children }: { reader: Reader; children: ReactNode }) {
  const conversation = useOpenConversation(reader);
  const store = useCreateStore(conversation);
  useLayoutEffect(() => store.setState(() => conversation), [store, conversation]);
  return <ConversationContext value={store}>{children}</ConversationContext>;
}

/** Provides the actions on runs and messages, and renders the confirmation of an undo or a restore. */
export function RunActionsProvider({ children }: { children: ReactNode }) {
  const { id } = useProject();
  const { actions, target, close, goBack } = useOpenRunActions();
  return (
    <RunActionsContext value={actions}>
      {children}
      {target ? (
        <Suspense fallback={null}>
          <GoBackDialog projectId={id} target={target} onClose={close} onGoBack={goBack} />
        </Suspense>
      ) : null}
    </RunActionsContext>
  );
}

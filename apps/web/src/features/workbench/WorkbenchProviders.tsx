import type { Project } from "@tesslate/contract";
import { useMemo, type ReactNode } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { ProjectProvider } from "../../project/ProjectProvider.tsx";
import { WorkbenchActionsContext, type WorkbenchActions } from "../../project/workbench-actions.ts";
import { elementFiles, useConversation, ConversationProvider, RunActionsProvider, type Reader } from "../chat/index.ts";
import { DeploysProvider } from "../deployments/index.ts";
import { OpenFilesProvider, useOpenFiles } from "../files/index.ts";
import { type OnAskAboutElement, PreviewProvider } from "../preview/index.ts";
import { PresenceProvider } from "../presence/index.ts";
import { useWorkbenchLayout, type PhoneView, type WorkbenchPlace } from "./layout-context.ts";
import { LayoutProvider } from "./LayoutProvider.tsx";

export interface WorkbenchProps extends WorkbenchPlace {
  project: Project;
  /** Who is signed in. */
  reader: Reader;
  /** Whom others see in the project: for an administrator who impersonates the reader, the administrator. */
  presentId?: string | undefined;
  /** What a phone shows first: the view of the URL, otherwise the chat. */
  opensOn?: PhoneView;
}

/** The contexts of the workbench. A provider that needs another one is inside it. */
export function WorkbenchProviders({
  project,
  reader,
  presentId = reader.id,
  opensOn = "chat",
  children,
  ...place
}: WorkbenchProps & { children: ReactNode }) {
  return (
    <ProjectProvider project={project}>
      <LayoutProvider opensOn={opensOn} {...place}>
        <OpenFilesProvider>
          <ConversationProvider reader={reader}>
            <ActionsProvider>
              <PointingProvider>
                <RunActionsProvider>
                  <DeploysProvider>
                    <PlacedPresence ownId={presentId}>{children}</PlacedPresence>
                  </DeploysProvider>
                </RunActionsProvider>
              </PointingProvider>
            </ActionsProvider>
          </ConversationProvider>
        </OpenFilesProvider>
      </LayoutProvider>
    </ProjectProvider>
  );
}

/** Others see the view and the file of this window. */
function PlacedPresence({ ownId, children }: { ownId: string; children: ReactNode }) {
  const { view, isShown } = useWorkbenchLayout();
  const { activePath } = useOpenFiles();
  return (
    <PresenceProvider ownId={ownId} place={{ view, file: (isShown("code") && activePath) || null }}>
      {children}
    </PresenceProvider>
  );
}

/** Actions that any part can call. */
function ActionsProvider({ children }: { children: ReactNode }) {
  const place = useWorkbenchLayout();
  const {
    composer,
    ask: askAgent,
    openConversation,
    mode,
    model,
    agentId,
  } = useConversation((conversation) => ({
    composer: conversation.composer,
    ask: conversation.ask,
    openConversation: conversation.chat.open,
    mode: conversation.mode,
    model: conversation.model,
    agentId: conversation.agents.picked?.id,
  }));
  const files = useOpenFiles();
  const { show, openDock, showChat, setPhoneView, setLogsOf, setIsQuickOpen } = place;
  const showDeployment = useHandler((id: string | undefined) => {
    place.onDeployment(id);
    setPhoneView("deploys");
  });
  const showReview = useHandler((taskId: string) => {
    place.onReview(taskId);
    setPhoneView("review");
  });
  const openFile = useHandler((path: string) => {
    files.open(path);
    setIsQuickOpen(false);
    show("code");
  });
  const openLogs = useHandler((containerId?: string) => {
    if (containerId) setLogsOf(containerId);
    openDock("logs");
  });
  const openChat = useHandler((chatId: string) => {
    showChat();
    openConversation(chatId);
  });
  const runOptions = useHandler(() => ({ edit_mode: mode, ...(model && { model }), ...(agentId && { agent_id: agentId }) }));
  const compose = useHandler((text: string) => {
    showChat();
    composer.current?.write(text);
  });
  const attach = useHandler((files: readonly File[]) => {
    showChat();
    composer.current?.attach(files);
  });
  const ask = useHandler((text: string, details?: string) => {
    showChat();
    askAgent(text, details);
  });
  const actions = useMemo<WorkbenchActions>(
    () => ({ show, showChat, openChat, runOptions, showDeployment, showReview, openFile, openDock, openLogs, compose, attach, ask }),
    [show, showChat, openChat, runOptions, showDeployment, showReview, openFile, openDock, openLogs, compose, attach, ask],
  );
  return <WorkbenchActionsContext value={actions}>{children}</WorkbenchActionsContext>;
}

/** The preview; an element that is left to the agent is attached to the next message. */
function PointingProvider({ children }: { children: ReactNode }) {
  const { showChat } = useWorkbenchLayout();
  const composer = useConversation((conversation) => conversation.composer);
  const attach: OnAskAboutElement = (element, place, text) => {
    showChat();
    composer.current?.attachElement(elementFiles(element, place));
    if (text) composer.current?.write(text);
  };
  return <PreviewProvider onAskAboutElement={attach}>{children}</PreviewProvider>;
}

import { useQuery } from "@tanstack/react-query";
import { useSelector, type Store } from "@tanstack/react-store";
import type { EditMode, Model, QueueItem } from "@tesslate/contract";
import { createContext, use, useMemo, useRef, useState, type RefObject } from "react";
import { keepEditMode, readEditMode } from "../../lib/edit-modes.ts";
import { hasSameValues } from "../../lib/same-values.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useProject } from "../../project/project-context.ts";
import { toast } from "../../ui/toast.tsx";
import { useAgentChoice, type AgentChoice } from "../agents/index.ts";
import { modelsQuery, useModelChoice } from "../models/index.ts";
import { shownRuns } from "./chat.reducer.ts";
import type { Run } from "./chat.types.ts";
import type { ComposerHandle } from "./Composer.tsx";
import { openApprovals, openQuestions, createRowCache, transcriptRows, type TranscriptRow } from "./transcript-rows.ts";
import type { Reader } from "./TranscriptRows.tsx";
import { useChat, type Chat } from "./use-chat.ts";
import { useFirstMessage } from "./use-first-message.ts";

/** The chat of the open project, and the mode, agent and model of the next message. */
export interface Conversation {
  chat: Chat;
  rows: readonly TranscriptRow[];
  /** Number of approvals and questions that wait for the person. */
  waitingCount: number;
  /** The newest run of the open chat. */
  lastRun: Run | undefined;
  reader: Reader;
  composer: RefObject<ComposerHandle | null>;
  /** The message that the project was created with, while it waits for the setup. */
  first: QueueItem | undefined;
  mode: EditMode;
  chooseMode: (mode: EditMode) => void;
  agents: AgentChoice;
  models: readonly Model[];
  defaultModel: string | undefined;
  model: string | undefined;
  chooseModel: (model: string) => void;
  /** Sends a message like the composer does. A refused one is put into the composer; with `details`, which it cannot hold, only the reason is shown. */
  ask: (message: string, details?: string) => void;
}

const noModels: readonly Model[] = [];

/** Called once per open project; everything else reads `useConversation`. */
export function useOpenConversation(reader: Reader): Conversation {
  const project = useProject();
  const composer = useRef<ComposerHandle>(null);
  const models = useQuery(modelsQuery).data;
  const chat = useChat(project.id, reader.name);
  const [rowsOf] = useState(createRowCache);
  const rows = useMemo(() => transcriptRows(chat.state, rowsOf), [chat.state, rowsOf]);
  const waitingCount = useMemo(() => openApprovals(chat.state).length + openQuestions(chat.state).length, [chat.state]);
  const [mode, setMode] = useState<EditMode>(() => readEditMode(project.id));
  const agents = useAgentChoice(project.id);
  const choice = useModelChoice({
    project,
    agent: agents.picked,
    models: models?.items ?? noModels,
    serverDefault: models?.default ?? null,
  });
  const first = useFirstMessage({ project, chat });
  return {
    chat,
    rows,
    waitingCount,
    lastRun: shownRuns(chat.state).at(-1),
    reader,
    composer,
    first,
    mode,
    chooseMode: useHandler((next: EditMode) => {
      setMode(next);
      keepEditMode(project.id, next);
    }),
    agents,
    models: models?.items ?? noModels,
    defaultModel: choice.defaultModel,
    model: choice.picked,
    chooseModel: choice.choose,
    ask: useHandler((message: string, details?: string) => {
      const options = { editMode: mode, model: choice.picked, agentId: agents.picked?.id, ...(details && { details }) };
      void chat.send(message, options).then((failure) => {
        if (failure && details) toast(failure.message, { kind: "failed" });
        else if (failure) composer.current?.write(message, failure.message);
      });
    }),
  };
}

/** A store, not the value: a context whose value changes with each event of a run makes React search the whole page for its readers. */
export const ConversationContext = createContext<Pick<Store<Conversation>, "get" | "subscribe"> | undefined>(undefined);

/** Part of the conversation. The component renders again when the selection is another by `compare`: by default, when one of its values has changed. */
export function useConversation<T>(select: (conversation: Conversation) => T, compare: (a: T, b: T) => boolean = hasSameValues): T {
  const store = use(ConversationContext);
  if (!store) throw new Error("useConversation must be used inside ConversationProvider.");
  return useSelector(store, select, { compare });
}

/** A run is active in the open chat. */
export const isRunActive = ({ chat }: Conversation): boolean => chat.live !== undefined;

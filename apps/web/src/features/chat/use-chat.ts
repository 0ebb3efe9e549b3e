import { useQueryClient } from "@tanstack/react-query";
import { ApiError } from "@tesslate/client/core";
import type { ActiveRun, AnswerQuestion, ApprovalResponse, EditMode, QueueMessage } from "@tesslate/contract";
import { useCallback, useEffect, useReducer, useRef, useState } from "react";
import { sentenceOf } from "../../lib/errors.ts";
import { isString, readStored, writeStored } from "../../lib/storage.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useProjectEvents, useProjectQuery, useProjectEvent } from "../../project/project-context.ts";
import { chatSessionsQuery } from "../../project/project.queries.ts";
import { useServices } from "../../project/services.ts";
import { chatReducer, emptyChat, liveRun, runEventOf } from "./chat.reducer.ts";
import type { ChatState, IncomingRunEvent, MessageExtras, Run, SendFailure, SendOptions, UserTurn, WorkspaceChoice } from "./chat.types.ts";
import { createUpdatePace } from "./update-pace.ts";
import { viewContextOf } from "./view-context.ts";

/** Instead of those of the run. */
interface ResumeOptions {
  editMode: EditMode;
  model?: string | undefined;
}

export interface Chat {
  state: ChatState;
  /** The active run of the open chat. */
  live: Run | undefined;
  /** Why loading the chat failed. */
  loadFailure: unknown;
  reload: () => void;
  /** Loads the entries before the first one; undefined if there are none. Resolves with an error sentence if that failed. */
  loadEarlier: (() => Promise<string | undefined>) | undefined;
  /** Resolves with undefined when the run has started. */
  send: (text: string, options: SendOptions) => Promise<SendFailure | undefined>;
  /** Queues a message until no other run changes the project's files. Without a chat it creates one. */
  wait: (text: string, options: SendOptions) => Promise<SendFailure | undefined>;
  /** Shows a message that will be sent later, when the project is set up. */
  announce: (id: string, text: string, extras?: MessageExtras & Pick<UserTurn, "isQueued">) => void;
  withdraw: (id: string) => void;
  stop: () => Promise<void>;
  isStopping: boolean;
  /** Resolves with an error sentence if the server refused the answer. */
  answer: (approvalId: string, response: ApprovalResponse, note: string | null) => Promise<string | undefined>;
  /** Answers a question of the agent. The value of a secret is not kept on the page. */
  answerQuestion: (questionId: string, answer: Omit<AnswerQuestion, "question_id">) => Promise<string | undefined>;
  resume: (taskId: string, options: ResumeOptions) => Promise<SendFailure | undefined>;
  /** Repeats a waiting call to a model, or makes it to another one. Resolves with an error sentence if the server refused. */
  retryCall: (taskId: string, retryId: string, model?: string) => Promise<string | undefined>;
  /** Deletes all messages. Rejects during a run. */
  clear: () => Promise<void>;
  /** Opens a chat; undefined opens a new one, which is created with the first message. */
  open: (chatId: string | undefined) => void;
}

const sendAttempts = 3;
const takenWaitsMs = [300, 1_000, 2_000, 4_000];
const lastChatKey = (projectId: string) => `studio:chat:${projectId}`;
const failureOf = (error: unknown): SendFailure => ({
  code: error instanceof ApiError ? error.code : "unknown",
  message: sentenceOf(error),
  ...(error instanceof ApiError && { details: error.details }),
  ...(error instanceof ApiError && error.code === "workspace_required" && { choice: error.details as unknown as WorkspaceChoice }),
});

/** A message with the options of its run. */
const messageBody = (
  text: string,
  { editMode, model, reasoning, agentId, attachments, mentions, details, workspace }: SendOptions,
): QueueMessage => ({
  message: text,
  edit_mode: editMode,
  view_context: viewContextOf(location.pathname),
  ...(agentId && { agent_id: agentId }),
  ...(model && { model }),
  ...(reasoning !== undefined && { reasoning }),
  ...(attachments && { attachments: attachments.map(({ id }) => id) }),
  ...(mentions && { mentions: mentions.map((path) => ({ path })) }),
  ...(details && { details }),
  ...(workspace && { workspace }),
});

/** The open chat of a project: the events of its runs so far over HTTP, later ones over the project's event stream. */
export function useChat(projectId: string, userName: string): Chat {
  const events = useProjectEvents();
  const { api } = useServices();
  const queries = useQueryClient();
  const [state, dispatch] = useReducer(chatReducer, emptyChat);
  const [loadFailure, setLoadFailure] = useState<unknown>();
  const [loading, setLoading] = useState(0);
  const [isStopping, setIsStopping] = useState(false);
  const sessions = useProjectQuery(chatSessionsQuery(api, projectId));

  // Events arrive faster than frames, and are applied together.
  useEffect(() => {
    let queue: IncomingRunEvent[] = [];
    const pace = createUpdatePace(() => {
      const batch = queue;
      queue = [];
      dispatch({ type: "events", events: batch });
    });
    const unsubscribe = events.subscribe((event) => {
      const incoming = runEventOf(event);
      if (!incoming) return;
      queue.push(incoming);
      pace.request();
    });
    return () => {
      unsubscribe();
      pace.end();
    };
  }, [events]);

  const load = useHandler(async (chatId: string, signal: AbortSignal) => {
    dispatch({ type: "loading" });
    try {
      const page = await api.chat.transcript({ params: { chat_id: chatId }, query: {} }, { signal });
      if (signal.aborted) return;
      setLoadFailure(undefined);
      dispatch({ type: "loaded", chatId, page });
    } catch (error) {
      if (signal.aborted) return;
      dispatch({ type: "load_failed" });
      if (error instanceof ApiError && error.code === "not_found") writeStored(sessionStorage, lastChatKey(projectId), undefined);
      setLoadFailure(error);
    }
  });

  const { chatId, before } = state;
  const loadEarlier = useHandler(async (): Promise<string | undefined> => {
    if (chatId === undefined || before === undefined) return undefined;
    try {
      const page = await api.chat.transcript({ params: { chat_id: chatId }, query: { before } });
      dispatch({ type: "earlier_loaded", chatId, before, page });
      return undefined;
    } catch (error) {
      return sentenceOf(error);
    }
  });
  useEffect(() => {
    if (!chatId || !events.isSettled) return undefined;
    const abort = new AbortController();
    void load(chatId, abort.signal);
    return () => abort.abort();
    // `loading` changes to load again.
  }, [chatId, events.isSettled, loading, load]);

  // At first, open the chat that was open last in this tab, else the newest.
  const newest = sessions.data;
  const [hasChosen, setHasChosen] = useState(false);
  /** The person has opened a new chat. Without a chat id the server would use the latest one. */
  const [wantsNew, setWantsNew] = useState(false);
  /** The chat created for a first message, reused if that is sent again. */
  const made = useRef<string>(undefined);
  if (newest && !hasChosen) {
    setHasChosen(true);
    if (chatId === undefined && !wantsNew) {
      const last = readStored(sessionStorage, lastChatKey(projectId), isString);
      const first = newest.find((session) => session.id === last) ?? newest[0];
      dispatch({ type: "opened", chatId: first?.id });
    }
  }
  useEffect(() => {
    if (chatId) writeStored(sessionStorage, lastChatKey(projectId), chatId);
  }, [chatId, projectId]);

  // A run that another page started: its message is in the transcript.
  const isForeign = useHandler(
    (startedChatId: string) => startedChatId === chatId && !state.turns.some((turn) => turn.kind === "user" && turn.delivery === "sending"),
  );
  useProjectEvent("task_started", (started) => {
    if (isForeign(started.chat_id)) setLoading((count) => count + 1);
  });

  // The model has named the chat.
  useProjectEvent("chat_title", ({ chat_id: id, title }) => {
    queries.setQueryData(chatSessionsQuery(api, projectId).queryKey, (all) =>
      all?.map((session) => (session.id === id ? { ...session, title } : session)),
    );
  });

  const announce = useCallback(
    (id: string, text: string, { attachments, mentions, details, isQueued }: MessageExtras & Pick<UserTurn, "isQueued"> = {}) =>
      dispatch({
        type: "sending",
        id,
        text,
        at: new Date().toISOString(),
        ...(attachments && { attachments }),
        ...(mentions && { mentions }),
        ...(details && { details }),
        ...(isQueued && { isQueued }),
      }),
    [],
  );
  const withdraw = useCallback((id: string) => dispatch({ type: "withdrawn", id }), []);

  /** After a network error: checks whether the server received the message, until the server responds or the attempts are used up. */
  const askTaken = async (text: string): Promise<ActiveRun | "no" | "unknown"> => {
    for (const waitMs of takenWaitsMs) {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      try {
        const into = chatId ?? made.current;
        const { active } = await api.chat.active({ query: { project_id: projectId, ...(into && { chat_id: into }) } });
        return active && text.startsWith(active.message.trim().slice(0, 200)) ? active : "no";
      } catch (error) {
        if (!(error instanceof ApiError && error.code === "network")) return "unknown";
      }
    }
    return "unknown";
  };

  const begin = async (text: string, options: SendOptions): Promise<{ taskId: string; startedChatId: string }> => {
    if (chatId === undefined && wantsNew) made.current ??= (await api.chat.createSession({ body: { project_id: projectId } })).id;
    const into = chatId ?? made.current;
    const stream = api.chat.stream({ body: { project_id: projectId, ...messageBody(text, options), ...(into && { chat_id: into }) } });
    // Only the first event is read here; the others arrive on the project's stream.
    for await (const event of stream)
      return { taskId: event.task_id, startedChatId: event.type === "task_started" ? event.data.chat_id : (into ?? "") };
    throw new ApiError(0, { detail: "The server ended the run before it started.", code: "network" });
  };

  const send = useHandler(async (text: string, options: SendOptions): Promise<SendFailure | undefined> => {
    const { editMode } = options;
    const waiting = state.turns.find((turn) => turn.kind === "user" && turn.delivery === "sending" && turn.text === text);
    const id = waiting?.kind === "user" ? waiting.id : crypto.randomUUID();
    if (!waiting) announce(id, text, options);
    const sent = (taskId: string, startedChatId: string) => {
      made.current = undefined;
      dispatch({ type: "sent", id, taskId, chatId: startedChatId, editMode });
      if (startedChatId !== chatId) void queries.invalidateQueries({ queryKey: chatSessionsQuery(api, projectId).queryKey });
    };
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { taskId, startedChatId } = await begin(text, options);
        sent(taskId, startedChatId);
        return undefined;
      } catch (error) {
        const failure = failureOf(error);
        // A network error must not lose a message or run it twice.
        const taken =
          failure.code === "network" ? await askTaken(text || (options.attachments ?? []).map(({ name }) => name).join(", ")) : "unknown";
        if (taken === "no" && attempt < sendAttempts) continue;
        if (typeof taken === "object") {
          sent(taken.task_id, taken.chat_id);
          return undefined;
        }
        withdraw(id);
        return failure;
      }
    }
  });

  const open = useCallback((next: string | undefined) => {
    setLoadFailure(undefined);
    setWantsNew(next === undefined);
    made.current = undefined;
    dispatch({ type: "opened", chatId: next });
  }, []);

  const wait = useHandler(async (text: string, options: SendOptions): Promise<SendFailure | undefined> => {
    try {
      made.current ??= chatId ?? (await api.chat.createSession({ body: { project_id: projectId } })).id;
      const into = made.current;
      await api.queue.add({ params: { chat_id: into }, body: { ...messageBody(text, options), workspace: "wait" } });
      made.current = undefined;
      if (into !== chatId) {
        open(into);
        void queries.invalidateQueries({ queryKey: chatSessionsQuery(api, projectId).queryKey });
      }
      return undefined;
    } catch (error) {
      return failureOf(error);
    }
  });

  const live = liveRun(state);
  const stop = useHandler(async () => {
    if (!live) return;
    setIsStopping(true);
    try {
      await api.chat.cancel({ body: { task_id: live.taskId } });
    } finally {
      setIsStopping(false);
    }
  });

  const answer = useHandler(async (approvalId: string, response: ApprovalResponse, note: string | null): Promise<string | undefined> => {
    dispatch({ type: "answered", approvalId, response, note, by: userName, at: new Date().toISOString() });
    try {
      await api.chat.approval({ body: { approval_id: approvalId, response, ...(note && { note }) } });
      return undefined;
    } catch (error) {
      // Someone else has answered; their answer arrives as an event.
      if (error instanceof ApiError && error.code === "already_answered") return undefined;
      dispatch({ type: "unanswered", approvalId });
      return sentenceOf(error);
    }
  });

  const answerQuestion = useHandler(async (questionId: string, given: Omit<AnswerQuestion, "question_id">): Promise<string | undefined> => {
    try {
      await api.chat.answer({ body: { question_id: questionId, ...given } });
      return undefined;
    } catch (error) {
      // Someone else has answered; their answer arrives as an event.
      return error instanceof ApiError && error.code === "already_answered" ? undefined : sentenceOf(error);
    }
  });

  const retryCall = useHandler(async (taskId: string, retryId: string, model?: string): Promise<string | undefined> => {
    try {
      await api.chat.retry({ body: { task_id: taskId, retry_id: retryId, ...(model && { model }) } });
      return undefined;
    } catch (error) {
      // The wait is over; what follows arrives as an event.
      return error instanceof ApiError && error.code === "not_waiting" ? undefined : sentenceOf(error);
    }
  });

  const resume = useHandler(async (taskId: string, { editMode, model }: ResumeOptions): Promise<SendFailure | undefined> => {
    try {
      await api.chat.resume({ body: { task_id: taskId, edit_mode: editMode, ...(model && { model }) } });
      return undefined;
    } catch (error) {
      return failureOf(error);
    }
  });

  const clear = useHandler(async (): Promise<void> => {
    if (!chatId) return;
    await api.chat.clear({ params: { chat_id: chatId } });
    dispatch({ type: "cleared" });
    void queries.invalidateQueries({ queryKey: ["chat", chatId] });
  });

  const reload = useCallback(() => setLoading((count) => count + 1), []);

  return {
    state,
    live,
    loadFailure,
    reload,
    loadEarlier: before === undefined ? undefined : loadEarlier,
    send,
    wait,
    announce,
    withdraw,
    stop,
    isStopping,
    answer,
    answerQuestion,
    resume,
    retryCall,
    clear,
    open,
  };
}

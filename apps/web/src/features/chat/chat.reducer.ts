import type { ActiveRun, ChatMessage, EditMode, MessageAttachment, ProjectEvent, RunEvent, RunEventData } from "@tesslate/contract";
import type { ChatState, Part, Run, Turn, UserTurn, IncomingRunEvent } from "./chat.types.ts";
import { applyRunEvent, earlierOf, emptyRun, isLive, isRunEvent, partsOf } from "./run-events.ts";
import { autoFixKey, runOfMessage } from "./run-history.ts";
import { readTodos, todosOf } from "./todos.ts";

/** Events of the project's stream that are not about runs, even if they have a task id. */
const notOfRuns: ReadonlySet<string> = new Set(["container_status", "project_status", "preview_report", "task_update"]);

/** The run event in an event of the project's stream; undefined for other events. */
export function runEventOf(event: ProjectEvent): IncomingRunEvent | undefined {
  if (!event.task_id || event.task_seq === undefined || event.task_seq === null || notOfRuns.has(event.type)) return undefined;
  return { taskId: event.task_id, seq: event.task_seq, at: event.ts, type: event.type, data: event.data };
}
export const replayedEvent = (event: RunEvent): IncomingRunEvent => ({
  taskId: event.task_id,
  seq: event.seq,
  at: undefined,
  type: event.type,
  data: event.data,
});

export type ChatAction =
  /** Opens another chat, or a new one. Its known runs are kept. */
  | { type: "opened"; chatId: string | undefined }
  | {
      type: "loaded";
      chatId: string;
      messages: readonly ChatMessage[];
      active: Pick<ActiveRun, "task_id" | "started_at"> | null;
      rewound?: readonly ChatMessage[] | null;
      todos?: readonly unknown[];
      /** The to-dos when the request was sent. If an event has changed them since, the response is older. */
      todosBefore?: ChatState["todos"];
    }
  /** The chat was cleared. */
  | { type: "cleared" }
  | ({ type: "sending"; id: string; text: string; at: string } & Pick<UserTurn, "attachments" | "mentions">)
  /** The server accepted the message and started this task. */
  | { type: "sent"; id: string; taskId: string; chatId: string; editMode: EditMode | undefined }
  | { type: "refused"; id: string; failure: { code: string; message: string } }
  | { type: "withdrawn"; id: string }
  | { type: "events"; events: readonly IncomingRunEvent[] }
  /** The run is being replayed from its first event. What is known of it stays visible. */
  | { type: "replaying"; taskId: string; chatId: string }
  /** All events of the run so far. They replace what came from the history and from late events. */
  | {
      type: "replayed";
      taskId: string;
      events: readonly IncomingRunEvent[];
      /** The run had ended, so its to-dos may be older than the current ones. */
      isPast?: boolean;
    }
  /** An answer from this page, shown before the server confirms it. */
  | {
      type: "answered";
      approvalId: string;
      response: "allow_once" | "allow_all" | "deny" | "stop";
      note: string | null;
      by: string;
      at: string;
    }
  /** The server refused the answer. */
  | { type: "unanswered"; approvalId: string }
  | { type: "unreachable"; taskId: string };

export const emptyChat: ChatState = {
  chatId: undefined,
  isLoaded: false,
  turns: [],
  runs: {},
  todos: [],
  rewound: [],
  missedTaskIds: [],
};

const withRun = (state: ChatState, run: Run): ChatState => ({ ...state, runs: { ...state.runs, [run.taskId]: run } });

/** Adds the run as the last turn, once. A run that continues an answer replaces the run that started it. */
function withTurn(state: ChatState, run: Run): ChatState {
  if (run.chatId !== state.chatId || state.turns.some((turn) => turn.kind === "run" && turn.taskId === run.taskId)) return state;
  const turn: Turn = { kind: "run", taskId: run.taskId };
  const before = predecessorOf(state, run);
  return {
    ...state,
    turns: before
      ? state.turns.map((other) => (other.kind === "run" && other.taskId === before.taskId ? turn : other))
      : [...state.turns, turn],
  };
}
/** The run whose answer this run continues. */
const predecessorOf = (state: ChatState, { taskId, messageId }: Run): Run | undefined =>
  messageId === undefined
    ? undefined
    : state.turns
        .flatMap((turn) => (turn.kind === "run" ? (state.runs[turn.taskId] ?? []) : []))
        .find((other) => other.taskId !== taskId && other.messageId === messageId);

/** Attachments and mentions of a stored message. */
function carriedBy({ message_metadata }: ChatMessage): Pick<UserTurn, "attachments" | "mentions"> {
  const { attachments, mentions } = (message_metadata ?? {}) as { attachments?: MessageAttachment[]; mentions?: { path: string }[] };
  return { ...(attachments && { attachments }), ...(mentions && { mentions: mentions.map(({ path }) => path) }) };
}

const sendingTurn = ({ id, text, at, attachments, mentions }: Extract<ChatAction, { type: "sending" }>): UserTurn => ({
  kind: "user",
  id,
  text,
  at,
  delivery: "sending",
  ...(attachments && { attachments }),
  ...(mentions && { mentions }),
});

const patchUser = (state: ChatState, id: string, patch: Partial<UserTurn>): ChatState => ({
  ...state,
  turns: state.turns.map((turn) => (turn.kind === "user" && turn.id === id ? { ...turn, ...patch } : turn)),
});

const patchApproval = (state: ChatState, approvalId: string, change: (run: Run, index: number) => Run): ChatState => {
  for (const run of Object.values(state.runs)) {
    const index = run.parts.findIndex((part) => part.kind === "approval" && part.approvalId === approvalId);
    if (index >= 0) return withRun(state, change(run, index));
  }
  return state;
};

function applyEvent(state: ChatState, event: IncomingRunEvent): ChatState {
  const known = state.runs[event.taskId];
  if (!known && event.type !== "task_started") {
    // Other tasks share the stream. Only a run event means that the start of a run was missed.
    if (!isRunEvent(event.type) || state.missedTaskIds.includes(event.taskId)) return state;
    return { ...state, missedTaskIds: [...state.missedTaskIds, event.taskId] };
  }
  const run = known ?? emptyRun(event.taskId, (event.data as { chat_id?: string }).chat_id ?? "");
  if (event.seq <= run.lastSeq) return state;
  const began = applyRunEvent(run, event);
  const goesOnAfter = event.type === "task_started" ? (event.data as RunEventData<"task_started">).goes_on_after : undefined;
  const before = goesOnAfter === undefined || began.earlier ? undefined : predecessorOf(state, began);
  const earlier = before && earlierOf(before, goesOnAfter ?? 0);
  const next: Run = earlier ? { ...began, earlier, usage: earlier.usage, startedAt: before.startedAt } : began;
  let after = withRun(state, next);
  if (event.type === "task_started") {
    if (after.chatId === undefined) after = { ...after, chatId: next.chatId, isLoaded: true };
    after = withTurn(after, next);
    // A new message was sent: the hidden messages are discarded.
    if (next.chatId === after.chatId && after.rewound.length > 0) after = { ...after, rewound: [] };
  }
  if (next.chatId === after.chatId) {
    const todos = todosOf(event);
    if (todos) after = { ...after, todos };
  }
  return after;
}

function load(state: ChatState, action: Extract<ChatAction, { type: "loaded" }>): ChatState {
  const runs = { ...state.runs };
  const turns: Turn[] = [];
  for (const message of action.messages) {
    if (message.role === "user") {
      const autoFix = message.message_metadata?.["auto_fix"];
      turns.push({
        kind: "user",
        id: message.id,
        text: message.content,
        at: message.created_at,
        delivery: "sent",
        ...(typeof autoFix === "number" && { autoFix }),
        ...carriedBy(message),
      });
      continue;
    }
    const stored = runOfMessage(message, action.active?.task_id);
    const live = runs[stored.taskId];
    // Live events are newer than the stored run.
    if (!live || live.lastSeq === 0 || (isLive(live) && !isLive(stored))) runs[stored.taskId] = stored;
    else {
      const earlier = live.earlier ?? stored.earlier;
      runs[stored.taskId] = { ...live, editMode: live.editMode ?? stored.editMode, ...(earlier && { earlier }) };
    }
    turns.push({ kind: "run", taskId: stored.taskId });
  }
  if (action.active && !turns.some((turn) => turn.kind === "run" && turn.taskId === action.active?.task_id)) {
    const { task_id: taskId, started_at: startedAt } = action.active;
    runs[taskId] ??= { ...emptyRun(taskId, action.chatId), startedAt };
    turns.push({ kind: "run", taskId });
  }
  // A message that is being sent may not be in the history yet, or may be there under the server's id.
  const known = new Set(turns.map((turn) => (turn.kind === "user" ? turn.id : turn.taskId)));
  const before = state.chatId === action.chatId || state.chatId === undefined ? state.turns : [];
  const shownIds = new Set(before.map((turn) => (turn.kind === "user" ? turn.id : turn.taskId)));
  const arrived = turns.flatMap((turn) => (turn.kind === "user" && !shownIds.has(turn.id) ? [turn.text] : []));
  for (const turn of before) {
    if (turn.kind === "run") {
      if (!known.has(turn.taskId) && isLive(runs[turn.taskId])) turns.push(turn);
    } else if (turn.delivery !== "sent" && !known.has(turn.id) && !arrived.includes(turn.text)) turns.push(turn);
  }
  const parts: Part[] = turns.flatMap((turn) => {
    const run = turn.kind === "run" ? runs[turn.taskId] : undefined;
    return run ? [...partsOf(run)] : [];
  });
  const written = parts.reduce<ChatState["todos"] | undefined>(
    (last, part) => (part.kind === "tool" ? (todosOf({ type: "tool", data: part }) ?? last) : last),
    undefined,
  );
  const isSame = state.chatId === action.chatId;
  const wasTold = isSame && action.todosBefore !== undefined && state.todos !== action.todosBefore;
  const todos = wasTold ? state.todos : (readTodos(action.todos) ?? written ?? (isSame ? state.todos : []));
  const rewound = (action.rewound ?? []).map(({ id, role, content, created_at }) => ({ id, role, text: content, at: created_at }));
  return { ...state, chatId: action.chatId, isLoaded: true, turns, runs, todos, rewound };
}

/** Applies actions and events to the state of the chat. */
export function chatReducer(state: ChatState, action: ChatAction): ChatState {
  switch (action.type) {
    case "opened": {
      if (action.chatId === state.chatId) return state.chatId === undefined ? { ...state, isLoaded: true } : state;
      // Messages written before there was a chat are moved into the first one.
      const waiting = state.chatId === undefined ? state.turns.filter((turn) => turn.kind === "user" && turn.delivery !== "sent") : [];
      return { ...state, chatId: action.chatId, isLoaded: action.chatId === undefined, turns: waiting, todos: [], rewound: [] };
    }
    case "loaded":
      return load(state, action);
    case "cleared":
      return { ...state, turns: [], todos: [], rewound: [] };
    case "sending":
      if (state.turns.some((turn) => turn.kind === "user" && turn.id === action.id)) return state;
      return { ...state, turns: [...state.turns, sendingTurn(action)] };
    case "sent": {
      const sent = patchUser(state, action.id, { delivery: "sent" });
      const run = sent.runs[action.taskId] ?? emptyRun(action.taskId, action.chatId);
      const named = sent.chatId === undefined ? { ...sent, chatId: action.chatId, isLoaded: true } : sent;
      return withTurn(withRun(named, { ...run, editMode: action.editMode ?? run.editMode }), run);
    }
    case "refused":
      return patchUser(state, action.id, { delivery: "failed", failure: action.failure });
    case "withdrawn":
      return { ...state, turns: state.turns.filter((turn) => turn.kind !== "user" || turn.id !== action.id) };
    case "events":
      return action.events.reduce(applyEvent, state);
    case "replaying": {
      const run = state.runs[action.taskId] ?? emptyRun(action.taskId, action.chatId);
      const shown = withTurn(withRun(state, run), run);
      return { ...shown, missedTaskIds: shown.missedTaskIds.filter((id) => id !== action.taskId) };
    }
    case "replayed": {
      const run = state.runs[action.taskId];
      const fresh: Run = {
        ...emptyRun(action.taskId, run?.chatId ?? ""),
        messageId: run?.messageId,
        ...(run?.earlier && { earlier: run.earlier, usage: run.earlier.usage }),
        editMode: run?.editMode,
        startedAt: run?.startedAt,
        endedAt: run?.endedAt,
      };
      // The auto-fix notice comes after the end of the run and is not part of its stream.
      const later = run?.parts.filter((part) => part.key === autoFixKey) ?? [];
      const told = action.events.reduce(applyEvent, withRun(state, fresh));
      const played = action.isPast ? { ...told, todos: state.todos } : told;
      const replayed = played.runs[action.taskId];
      return replayed && later.length > 0 ? withRun(played, { ...replayed, parts: [...replayed.parts, ...later] }) : played;
    }
    case "answered":
      return patchApproval(state, action.approvalId, (run, index) => {
        const { response, note, by, at } = action;
        const parts = run.parts.map((part, at_) =>
          at_ === index && part.kind === "approval" ? { ...part, answer: { response, note, by, at } } : part,
        );
        return { ...run, parts, status: run.status === "waiting" ? "running" : run.status };
      });
    case "unanswered":
      return patchApproval(state, action.approvalId, (run, index) => ({
        ...run,
        status: run.status === "running" ? "waiting" : run.status,
        parts: run.parts.map((part, at) => {
          if (at !== index || part.kind !== "approval") return part;
          const { answer: _, ...open } = part;
          return open;
        }),
      }));
    case "unreachable":
      return { ...state, missedTaskIds: state.missedTaskIds.filter((id) => id !== action.taskId) };
  }
}

/** The runs of the open chat, oldest first. */
export const shownRuns = (state: ChatState): Run[] =>
  state.turns.flatMap((turn) => {
    const run = turn.kind === "run" ? state.runs[turn.taskId] : undefined;
    return run ? [run] : [];
  });

/** The active run of the open chat. */
export const liveRun = (state: ChatState): Run | undefined => shownRuns(state).findLast(isLive);

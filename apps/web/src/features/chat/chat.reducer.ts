import type {
  EditMode,
  ProjectEvent,
  RunEventData,
  Transcript,
  TranscriptEvent,
  TranscriptMessage,
  TranscriptRun,
} from "@tesslate/contract";
import { projectEventTypes } from "@tesslate/contract/project-event-types";
import type { ChatState, Run, Turn, UserTurn, IncomingRunEvent } from "./chat.types.ts";
import { applyRunEvent, earlierOf, emptyRun, isLive } from "./run-events.ts";
import { readTodos, todosOf } from "./todos.ts";

const notOfRuns: ReadonlySet<string> = new Set(projectEventTypes);

/** The run event in an event of the project's stream; undefined for other events. Types that this page does not know are events of runs. */
export function runEventOf(event: ProjectEvent): IncomingRunEvent | undefined {
  if (!event.task_id || event.task_seq === undefined || event.task_seq === null || notOfRuns.has(event.type)) return undefined;
  return { taskId: event.task_id, seq: event.task_seq, at: event.ts, type: event.type, data: event.data };
}
/** The run event in an event of a transcript. */
export const storedEvent = ({ task_id, seq, ts, type, data }: TranscriptEvent): IncomingRunEvent => ({
  taskId: task_id,
  seq,
  at: ts,
  type,
  data,
});

export type ChatAction =
  /** Opens another chat, or a new one. Its known runs are kept. */
  | { type: "opened"; chatId: string | undefined }
  /** The newest page of the chat was requested. Events from here on are applied again to what it returns. */
  | { type: "loading" }
  | { type: "loaded"; chatId: string; page: Transcript }
  | { type: "load_failed" }
  /** The page before the first shown entry; `before` is the cursor with which it was requested. */
  | { type: "earlier_loaded"; chatId: string; before: number; page: Transcript }
  /** The chat was cleared. */
  | { type: "cleared" }
  | ({ type: "sending"; id: string; text: string; at: string } & Pick<UserTurn, "attachments" | "mentions" | "details" | "isQueued">)
  /** The server accepted the message and started this task. */
  | { type: "sent"; id: string; taskId: string; chatId: string; editMode: EditMode | undefined }
  | { type: "refused"; id: string; failure: { code: string; message: string } }
  | { type: "withdrawn"; id: string }
  | { type: "events"; events: readonly IncomingRunEvent[] }
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
  | { type: "unanswered"; approvalId: string };

export const emptyChat: ChatState = {
  chatId: undefined,
  isLoaded: false,
  turns: [],
  runs: {},
  todos: [],
  rewound: [],
  before: undefined,
  sinceRequest: undefined,
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

const sendingTurn = ({ id, text, at, attachments, mentions, details, isQueued }: Extract<ChatAction, { type: "sending" }>): UserTurn => ({
  kind: "user",
  id,
  text,
  at,
  delivery: "sending",
  ...(attachments && { attachments }),
  ...(mentions && { mentions }),
  ...(details && { details }),
  ...(isQueued && { isQueued }),
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
  // Of other tasks, or of a run that started before the page was open: in this chat its transcript has the event, and of others nothing is shown.
  if (!known && event.type !== "task_started") return state;
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

const keyOf = (turn: Turn): string => (turn.kind === "user" ? turn.id : turn.taskId);

const userTurn = ({ id, text, created_at, auto_fix, attachments, mentions, details }: TranscriptMessage): UserTurn => ({
  kind: "user",
  id,
  text,
  at: created_at,
  delivery: "sent",
  ...(auto_fix !== null && { autoFix: auto_fix }),
  ...(details !== null && { details }),
  ...(attachments.length > 0 && { attachments }),
  ...(mentions.length > 0 && { mentions: mentions.map(({ path }) => path) }),
});

/** Adds a run of a transcript by applying its events as if they arrived now. */
function withTranscriptRun(state: ChatState, chatId: string, entry: TranscriptRun): ChatState {
  const played = entry.events.map(storedEvent).reduce(applyEvent, state);
  const run = played.runs[entry.task_id];
  // The last event may stand for pieces of text after it.
  if (run) return withRun(played, { ...run, lastSeq: Math.max(run.lastSeq, entry.last_seq) });
  // A resumed run shows what was done before until its new task starts.
  if (entry.events.length > 0) return played;
  const waiting: Run = { ...emptyRun(entry.task_id, chatId), messageId: entry.message_id, startedAt: entry.created_at };
  return withTurn(withRun(played, waiting), waiting);
}

/** The turns and runs of a page of a transcript. */
const playPage = (chatId: string, page: Transcript): Pick<ChatState, "turns" | "runs"> =>
  page.entries.reduce<ChatState>(
    (state, entry) =>
      entry.type === "message" ? { ...state, turns: [...state.turns, userTurn(entry)] } : withTranscriptRun(state, chatId, entry),
    { ...emptyChat, chatId },
  );

function load(state: ChatState, { chatId, page }: Extract<ChatAction, { type: "loaded" }>): ChatState {
  const isSame = state.chatId === chatId;
  const loaded = playPage(chatId, page);
  // Earlier pages stay, if this one continues them.
  const [first] = loaded.turns;
  const firstAt = isSame && first ? state.turns.findIndex((turn) => keyOf(turn) === keyOf(first)) : -1;
  const earlier = state.turns.slice(0, Math.max(0, firstAt));
  const turns = [...earlier, ...loaded.turns];
  const known = new Set(turns.map(keyOf));
  const runs = Object.fromEntries(
    Object.entries(state.runs).filter(([taskId, run]) => run.chatId !== chatId || known.has(taskId) || isLive(run)),
  );
  for (const [taskId, run] of Object.entries(loaded.runs)) {
    const editMode = run.editMode ?? state.runs[taskId]?.editMode;
    runs[taskId] = { ...run, editMode };
  }
  // A message that is being sent may not be in the transcript yet, or may be there under the server's id.
  const shown = isSame || state.chatId === undefined ? state.turns.slice(earlier.length) : [];
  const shownIds = new Set(shown.map(keyOf));
  const arrived = loaded.turns.flatMap((turn) => (turn.kind === "user" && !shownIds.has(turn.id) ? [turn.text] : []));
  const isKept = (turn: Turn | undefined) => turn?.kind === "run" && !known.has(turn.taskId) && isLive(runs[turn.taskId]);
  shown.forEach((turn, index) => {
    if (known.has(keyOf(turn))) return;
    const isOnItsWay = turn.kind === "user" && turn.delivery !== "sent" && !arrived.includes(turn.text);
    if (isOnItsWay || isKept(turn) || isKept(shown[index + 1])) turns.push(turn);
  });
  const next: ChatState = {
    ...state,
    chatId,
    isLoaded: true,
    turns,
    runs,
    todos: readTodos(page.todos) ?? [],
    rewound: page.rewound.map(({ id, role, text, created_at }) => ({ id, role, text, at: created_at })),
    before: earlier.length > 0 ? state.before : (page.before ?? undefined),
    sinceRequest: undefined,
  };
  return (state.sinceRequest ?? []).reduce(applyEvent, next);
}

/** Applies actions and events to the state of the chat. */
export function chatReducer(state: ChatState, action: ChatAction): ChatState {
  switch (action.type) {
    case "opened": {
      if (action.chatId === state.chatId) return state.chatId === undefined ? { ...state, isLoaded: true } : state;
      // Messages written before there was a chat are moved into the first one.
      const waiting = state.chatId === undefined ? state.turns.filter((turn) => turn.kind === "user" && turn.delivery !== "sent") : [];
      return { ...emptyChat, chatId: action.chatId, isLoaded: action.chatId === undefined, turns: waiting, runs: state.runs };
    }
    case "loading":
      return { ...state, sinceRequest: [] };
    case "loaded":
      return load(state, action);
    case "load_failed":
      return { ...state, sinceRequest: undefined };
    case "earlier_loaded": {
      if (state.chatId !== action.chatId || state.before !== action.before) return state;
      const earlier = playPage(action.chatId, action.page);
      return {
        ...state,
        turns: [...earlier.turns, ...state.turns],
        runs: { ...earlier.runs, ...state.runs },
        before: action.page.before ?? undefined,
      };
    }
    case "cleared":
      return { ...state, turns: [], todos: [], rewound: [], before: undefined };
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
      return action.events.reduce(
        applyEvent,
        state.sinceRequest ? { ...state, sinceRequest: [...state.sinceRequest, ...action.events] } : state,
      );
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

import type {
  CompactionPart,
  Todo,
  ApprovalPart,
  ChatState,
  CommandPart,
  CommandView,
  DraftPart,
  ErrorPart,
  NoticePart,
  PlainPart,
  QuestionPart,
  RetryPart,
  RewoundMessage,
  Run,
  SteeredPart,
  TextPart,
  ThoughtPart,
  ToolPart,
  UserTurn,
} from "./chat.types.ts";
import { isAllGood } from "./evidence/evidence.ts";
import type { EditMode } from "@tesslate/contract";
import { isAllowed, isLive, partsOf } from "./run-events.ts";
import type { BeadKind, LineKind, ThreadPoint } from "../../ui/thread/index.ts";

/** A row of the transcript. Parts are passed by reference, so that a row renders again only if its part has changed. */
export type TranscriptRow = { key: string; bead: BeadKind; line: LineKind } & (
  | { kind: "user"; turn: UserTurn; position: TurnPosition; mode: EditMode | undefined }
  | { kind: "text"; part: TextPart; isStreaming: boolean }
  | { kind: "thought"; part: ThoughtPart; isStreaming: boolean }
  | { kind: "tool"; part: ToolPart }
  | { kind: "command"; part: CommandPart }
  | { kind: "draft"; part: DraftPart }
  | { kind: "answered"; part: ApprovalPart }
  | { kind: "question"; part: QuestionPart }
  | { kind: "steered"; part: SteeredPart }
  | { kind: "error"; part: ErrorPart; isLast: boolean; run: Run }
  | { kind: "retry"; part: RetryPart; run: Run; isLive: boolean }
  | { kind: "notice"; part: NoticePart }
  | { kind: "compaction"; part: CompactionPart }
  | { kind: "plain"; part: PlainPart }
  | { kind: "evidence"; run: Run; isLast: boolean; tone?: "bad" }
  | { kind: "working"; run: Run }
  | { kind: "end"; run: Run; isLast: boolean }
  | { kind: "gone"; message: RewoundMessage; isFirst: boolean }
);

/** The place of a person's message in the chat, for restoring and forking. Ids are the server's. */
export interface TurnPosition {
  /** Of the message, or of its answer. */
  messageId: string | undefined;
  /** The last message of the turn. */
  lastId: string | undefined;
  /** The run that answers. */
  taskId: string | undefined;
  /** Of the next turn, if there is one. */
  nextId: string | undefined;
  nextTaskId: string | undefined;
}
const unknownPosition: TurnPosition = {
  messageId: undefined,
  lastId: undefined,
  taskId: undefined,
  nextId: undefined,
  nextTaskId: undefined,
};

/** The bead of a tool call in each status. */
export const toolBead: Record<ToolPart["status"], BeadKind> = {
  queued: "next",
  running: "live",
  waiting: "held",
  ended: "step",
  ok: "step",
  failed: "failed",
  refused: "failed",
  stopped: "failed",
};

function commandBead({ ending }: CommandView): BeadKind {
  if (!ending) return "live";
  return ending.reason === "timed_out" || (ending.exitCode ?? 0) !== 0 ? "failed" : "step";
}

export type RowsOfRun = (run: Run, isLast: boolean) => TranscriptRow[];

/** Keeps the rows of each run, so that only those of a run that has changed are created again. */
export function createRowCache(): RowsOfRun {
  const last = new WeakMap<Run, TranscriptRow[]>();
  const others = new WeakMap<Run, TranscriptRow[]>();
  return (run, isLast) => {
    const known = isLast ? last : others;
    const rows = known.get(run) ?? rowsOfRun(run, isLast);
    known.set(run, rows);
    return rows;
  };
}

function rowsOfRun(run: Run, isLast: boolean): TranscriptRow[] {
  const isGoing = run.status === "running";
  const rows: TranscriptRow[] = [];
  const parts = partsOf(run);
  parts.forEach((part, index) => {
    const key = `${run.taskId}/${part.key}`;
    const isNewest = index === parts.length - 1;
    const isStreaming = isGoing && isNewest;
    const line: LineKind = isStreaming ? "live" : "done";
    switch (part.kind) {
      case "text":
        if (part.text.trim() !== "") rows.push({ key, kind: "text", part, isStreaming, bead: isStreaming ? "live" : "step", line });
        return;
      case "thought":
        rows.push({ key, kind: "thought", part, isStreaming, bead: isStreaming ? "live" : "step", line });
        return;
      case "tool":
        rows.push({
          key,
          kind: "tool",
          part,
          bead: toolBead[part.status],
          line: part.status === "running" ? "live" : part.status === "waiting" ? "held" : part.status === "queued" ? "next" : "done",
        });
        return;
      case "command":
        rows.push({ key, kind: "command", part, bead: commandBead(part.command), line: part.command.ending ? "done" : "live" });
        return;
      case "draft":
        rows.push({ key, kind: "draft", part, bead: "live", line: "live" });
        return;
      case "approval":
        // An open approval is shown above the composer, not in the transcript.
        if (part.answer)
          rows.push({
            key,
            kind: "answered",
            part,
            bead: isAllowed(part.answer.response) ? "step" : "failed",
            line: "done",
          });
        return;
      case "question":
        if (part.answer) rows.push({ key, kind: "question", part, bead: "step", line: "done" });
        return;
      case "error":
        // The run's last row says it, and the paused run how to get credits.
        if (part.code === "insufficient_credits" && run.reason === "credits_exhausted") return;
        rows.push({ key, kind: "error", part, run, isLast: isLast && isNewest, bead: "failed", line: "done" });
        return;
      case "steered":
        rows.push({ key, kind: "steered", part, bead: "message", line });
        return;
      case "retry":
        rows.push({ key, kind: "retry", part, run, isLive: isGoing, bead: isGoing && part.status === "waiting" ? "held" : "step", line });
        return;
      case "notice":
        rows.push({ key, kind: "notice", part, bead: "step", line });
        return;
      case "compaction":
        rows.push({ key, kind: "compaction", part, bead: "step", line });
        return;
      case "plain":
        rows.push({ key, kind: "plain", part, bead: "step", line: "done" });
    }
  });
  const last = parts.at(-1);
  const isSilent =
    !last ||
    (last.kind === "tool"
      ? last.status === "ok" || last.status === "failed" || last.status === "refused"
      : last.kind === "retry"
        ? last.status !== "waiting"
        : last.kind !== "text" && last.kind !== "thought" && last.kind !== "draft");
  if (run.evidence.length > 0)
    rows.push({
      key: `${run.taskId}/~evidence`,
      kind: "evidence",
      run,
      isLast,
      bead: "evidence",
      line: "done",
      ...(!isAllGood(run.evidence) && { tone: "bad" as const }),
    });
  if (isGoing && isSilent) rows.push({ key: `${run.taskId}/~working`, kind: "working", run, bead: "live", line: "live" });
  if (!isLive(run) && (!(run.status === "failed" && last?.kind === "error") || (run.changes?.files ?? 0) > 0))
    rows.push({
      key: `${run.taskId}/~end`,
      kind: "end",
      run,
      isLast,
      bead: run.status === "done" ? "step" : run.status === "interrupted" ? "held" : "failed",
      line: "done",
    });
  return rows;
}

/** Only the history has the ids of a person's messages; the id of an answer comes with its run. */
function positionsOf(state: ChatState): TurnPosition[] {
  const positions: TurnPosition[] = [];
  for (const turn of state.turns) {
    const last = positions.at(-1);
    if (turn.kind === "user") positions.push({ ...unknownPosition });
    else if (last) {
      const run = state.runs[turn.taskId];
      last.messageId ??= run?.messageId;
      last.taskId ??= run?.taskId;
      if (run && !isLive(run)) last.lastId = run.messageId ?? last.lastId;
    }
  }
  positions.forEach((position, index) => {
    position.nextId = positions[index + 1]?.messageId;
    position.nextTaskId = positions[index + 1]?.taskId;
  });
  return positions;
}

/** The rows of the open chat, followed by the messages that a restore has hidden. */
export function transcriptRows(state: ChatState, rowsOf: RowsOfRun = rowsOfRun): TranscriptRow[] {
  const positions = positionsOf(state);
  let asked = 0;
  const rows = state.turns.flatMap((turn, index): TranscriptRow[] => {
    const answer = state.turns[index + 1];
    if (turn.kind === "user")
      return [
        {
          key: `u/${turn.id}`,
          kind: "user",
          turn,
          position: positions[asked++] ?? unknownPosition,
          mode: answer?.kind === "run" ? state.runs[answer.taskId]?.editMode : undefined,
          bead: turn.delivery === "failed" ? "failed" : "message",
          line: turn.delivery === "sending" ? "live" : "done",
        },
      ];
    const run = state.runs[turn.taskId];
    return run ? rowsOf(run, index === state.turns.length - 1) : [];
  });
  const gone = state.rewound
    .filter((message) => message.text.trim() !== "")
    .map((message, index): TranscriptRow => ({
      key: `g/${message.id}`,
      kind: "gone",
      message,
      isFirst: index === 0,
      bead: message.role === "user" ? "message" : "step",
      line: "gone",
    }));
  return [...rows, ...gone];
}

/** Open approvals of the chat, oldest first. */
export const openApprovals = (state: ChatState): ApprovalPart[] =>
  state.turns.flatMap((turn) => {
    const run = turn.kind === "run" ? state.runs[turn.taskId] : undefined;
    return run?.status === "waiting" ? run.parts.filter((part): part is ApprovalPart => part.kind === "approval" && !part.answer) : [];
  });

/** Open questions of the agent, oldest first. */
export const openQuestions = (state: ChatState): QuestionPart[] =>
  state.turns.flatMap((turn) => {
    const run = turn.kind === "run" ? state.runs[turn.taskId] : undefined;
    return run?.status === "waiting" ? run.parts.filter((part): part is QuestionPart => part.kind === "question" && !part.answer) : [];
  });

const labels: Partial<Record<TranscriptRow["kind"], string>> = {
  thought: "thought",
  working: "working",
  answered: "answered approval",
  question: "question from the agent",
  end: "end of run",
  evidence: "evidence",
  retry: "failed model call",
  notice: "notice",
  compaction: "compaction",
  plain: "note",
};
function labelOf(row: TranscriptRow): string {
  if (row.kind === "user") return `message: ${row.turn.text.slice(0, 60) || "attachments"}`;
  if (row.kind === "gone") return `hidden: ${row.message.text.slice(0, 60)}`;
  if (row.kind === "steered") return `message during run: ${row.part.text.slice(0, 60)}`;
  if (row.kind === "tool") return `${row.part.name}, ${row.part.status}`;
  if (row.kind === "command") return `background command, ${row.part.command.ending ? "ended" : "running"}`;
  if (row.kind === "draft") return `${row.part.draft.name}, being written`;
  if (row.kind === "text") return "reply";
  if (row.kind === "error") return `error: ${row.part.message}`;
  return labels[row.kind] ?? row.kind;
}

/** The last `count` rows as points of the horizontal timeline. */
export function threadPoints(rows: readonly TranscriptRow[], count: number): ThreadPoint[] {
  return rows.slice(-count).map((row) => ({
    id: row.key,
    kind: row.bead,
    ...(row.kind === "evidence" && row.tone && { tone: row.tone }),
    line: row.line,
    label: labelOf(row),
    gap: row.kind === "user" ? "long" : "short",
  }));
}

export const todoCounts = (todos: readonly Todo[]): { done: number; total: number } => ({
  done: todos.filter((todo) => todo.status === "completed").length,
  total: todos.length,
});

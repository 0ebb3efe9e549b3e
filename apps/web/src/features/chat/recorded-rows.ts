import type { TranscriptEvent } from "@tesslate/contract";
import { storedEvent } from "./chat.reducer.ts";
import type { Run } from "./chat.types.ts";
import { applyRunEvent, emptyRun } from "./run-events.ts";
import { createRowCache, type TranscriptRow } from "./transcript-rows.ts";

/** Rows that belong to the chat of a run: how it ended is told below a recording, and its pictures are not in it. */
const isOfChat = ({ kind }: TranscriptRow) => kind === "end" || kind === "working" || kind === "evidence";

/** A run from its events, and its rows as the transcript has them. */
export function recordedRows(events: readonly TranscriptEvent[]): { run: Run; rows: TranscriptRow[] } {
  const run = events.reduce((before, event) => applyRunEvent(before, storedEvent(event)), emptyRun(events[0]?.task_id ?? "", ""));
  return { run, rows: createRowCache()(run, false).filter((row) => !isOfChat(row)) };
}

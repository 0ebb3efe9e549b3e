import type { Checkpoint, FilesCopy, RunSummary, ScheduledCopies, Snapshot } from "@tesslate/contract";
import { at, ids, question } from "./bakery.ts";

const idOf = (kind: number, n: number) => `0b000000-0000-4000-8000-00000000${kind}00${n}`;
const told: readonly [string, string, Partial<RunSummary>][] = [
  ["A site for my bakery: today's bread, prices, where we are.", "09:12:00", { files: 14, additions: 1204, cost_cents: 21 }],
  ["Opening hours, and closed on Mondays.", "10:05:00", { files: 3, additions: 58, deletions: 6, cost_cents: 9 }],
  ["Pay online", "10:40:00", { files: 6, additions: 204, deletions: 18, cost_cents: 58, visibility: "discarded" }],
  [question, "14:02:00", { files: 5, additions: 148, deletions: 37, cost_cents: 42 }],
];

/** The history of the bakery, newest first. */
export const cannedRuns: RunSummary[] = told
  .map(([message, time, facts], n) => ({
    task_id: idOf(1, n),
    chat_id: ids.chat,
    message_id: idOf(2, n),
    message,
    status: "completed" as const,
    before_id: idOf(3, n),
    after_id: null,
    files: 0,
    additions: 0,
    deletions: 0,
    cost_cents: 0,
    picture_id: null,
    started_at: at(time),
    ended_at: new Date(Date.parse(at(time)) + 161_000).toISOString(),
    duration_ms: 161_000,
    visibility: "shown" as const,
    ...facts,
  }))
  .toReversed();
export const cannedCheckpoints: Checkpoint[] = cannedRuns.map(({ before_id, message, message_id, task_id, started_at }) => ({
  before_id: null,
  commit_sha: null,
  id: before_id,
  project_id: ids.project,
  kind: "turn",
  title: message,
  label: message,
  chat_id: ids.chat,
  message_id,
  task_id,
  created_at: started_at,
}));
export const cannedCopies: ScheduledCopies = {
  every_minutes: 60,
  copied_until: new Date(Date.now() - 12 * 60_000).toISOString(),
  due_since: null,
};
export const cannedSnapshots: Snapshot[] = [
  {
    id: idOf(4, 0),
    project_id: ids.project,
    snapshot_name: "manual-1",
    snapshot_type: "manual",
    checkpoint_id: null,
    status: "ready",
    label: "Before slots",
    volume_size_bytes: 41_200_000,
    databases: ["postgres"],
    error: null,
    created_at: at("11:30:00"),
    ready_at: at("11:30:04"),
    copied_at: null,
  },
];

export const cannedFilesCopy = (scenarioId: string): FilesCopy => ({
  state: "missing",
  snapshot:
    scenarioId === "files-missing" ? { id: idOf(4, 0), label: "Before slots", created_at: at("11:30:00"), databases: ["postgres"] } : null,
  task_id: null,
});

import type { Checkpoint, Deployment, GitCommit, RunSummary, Snapshot } from "@tesslate/contract";
import { formatBytes } from "../../lib/bytes.ts";
import { formatDuration } from "../../lib/durations.ts";
import { formatDayHeading } from "../../lib/time.ts";
import type { BeadKind, BeadTone, LineKind } from "../../ui/thread/index.ts";
import { timelineMarker, durationOf, isUnderWay, versionName, providerTitle, stateOf } from "../deployments/index.ts";

export type PointGroup = "runs" | "snapshots" | "checkpoints" | "restores";
export type PointFilter = "all" | PointGroup | "commits" | "deploys";

/** A snapshot or checkpoint on the timeline; the checkpoint before a run stands for the run. */
export interface Entry {
  id: string;
  kind: "snapshot" | "checkpoint";
  group: PointGroup;
  /** The main text. */
  title: string;
  /** The state that is compared and restored: "Before “Add a page”". */
  pointTitle: string;
  /** The beginning of the run's message, if its title is another. */
  message?: string;
  /** Secondary text after the title. */
  note: string;
  at: string;
  bead: "snapshot" | "checkpoint" | "failed" | "message" | "live";
  line: LineKind;
  /** It can be compared and restored. */
  isReady: boolean;
  isPending: boolean;
  snapshot?: Snapshot;
  checkpoint?: Checkpoint;
  run?: RunSummary;
  /** Of a restore: the state saved before it, and its commit. They are shown with it. */
  parts?: readonly (Entry | Happening)[];
}
/** A commit or deployment on the timeline. It cannot be compared or restored here. */
export interface Happening {
  id: string;
  kind: "commit" | "deploy";
  /** Its short name: `4e1a9c2`, `v6`. */
  name: string;
  title: string;
  /** Text at the end of the row. */
  aside: string;
  at: string;
  bead: BeadKind;
  tone: BeadTone | undefined;
  line: LineKind;
  /** A deployment that visitors see. */
  isLive: boolean;
}
/** It can be compared and restored. */
export const isPoint = (one: Entry | Happening): one is Entry => "pointTitle" in one;
export interface Day<T> {
  label: string;
  entries: T[];
}

const kinds: Record<Snapshot["snapshot_type"], string> = {
  manual: "snapshot",
  safety: "automatic snapshot",
  hibernation: "snapshot before hibernation",
  run: "databases before a run",
  scheduled: "automatic copy",
};

/** Snapshots, checkpoints and runs, oldest first. */
export function entriesOf({
  snapshots,
  checkpoints,
  runs,
}: {
  snapshots: readonly Snapshot[];
  checkpoints: readonly Checkpoint[];
  runs: readonly RunSummary[];
}): Entry[] {
  const byCheckpoint = new Map(runs.map((run) => [run.before_id, run]));
  // The databases from before a run belong to its checkpoint.
  const withDatabases = new Set(snapshots.filter((one) => isOfRun(one) && hasDatabases(one)).map((one) => one.checkpoint_id));
  const all = [
    ...snapshots.filter((one) => !isOfRun(one)).map(ofSnapshot),
    ...checkpoints.map((one) => ofCheckpoint(one, byCheckpoint.get(one.id), withDatabases.has(one.id))),
  ];
  return all.sort((a, b) => a.at.localeCompare(b.at) || a.id.localeCompare(b.id));
}
const isOfRun = ({ snapshot_type }: Snapshot) => snapshot_type === "run";
const hasDatabases = ({ status, databases }: Snapshot) => status === "ready" && databases.length > 0;
const ofSnapshot = (snapshot: Snapshot): Entry => {
  const title = snapshot.label ?? snapshot.snapshot_name;
  return {
    id: snapshot.id,
    kind: "snapshot",
    group: "snapshots",
    title,
    pointTitle: title,
    note: kinds[snapshot.snapshot_type],
    at: snapshot.created_at,
    bead: snapshot.status === "error" ? "failed" : "snapshot",
    line: "done",
    isReady: snapshot.status === "ready",
    isPending: snapshot.status === "pending",
    snapshot,
  };
};
const ofCheckpoint = (checkpoint: Checkpoint, run: RunSummary | undefined, hasDatabases: boolean): Entry => {
  const isTurn = checkpoint.kind === "turn";
  const pointTitle = isTurn ? `Before “${checkpoint.title}”` : checkpoint.title;
  const isActive = run?.status === "running" || run?.status === "queued";
  return {
    id: checkpoint.id,
    kind: "checkpoint",
    group: run ? "runs" : checkpoint.kind === "restore" ? "restores" : "checkpoints",
    title: run ? `“${checkpoint.title}”` : pointTitle,
    pointTitle,
    ...(isTurn && checkpoint.label !== checkpoint.title && { message: checkpoint.label }),
    note: run ? (run.visibility !== "shown" ? "undone" : hasDatabases ? "with databases" : "") : isTurn ? "checkpoint" : "",
    at: checkpoint.created_at,
    bead: run ? (isActive ? "live" : run.status === "failed" ? "failed" : "message") : "checkpoint",
    line: run && run.visibility !== "shown" ? "gone" : isActive ? "live" : "done",
    isReady: true,
    isPending: false,
    checkpoint,
    ...(run && { run }),
  };
};

/** The databases that were saved for the run after a checkpoint, which has files only; else those of the latest snapshot before it. */
export const databasesBefore = (checkpoint: { id: string; at: string }, snapshots: readonly Snapshot[]): Snapshot | undefined => {
  const saved = snapshots.filter(hasDatabases);
  return (
    saved.find(({ checkpoint_id }) => checkpoint_id === checkpoint.id) ??
    saved
      .filter(({ created_at }) => created_at <= checkpoint.at)
      .toSorted((a, b) => a.created_at.localeCompare(b.created_at))
      .at(-1)
  );
};

/** The point in a sentence: restore to `before “Add a page”`, to `A`. */
export const restoreTarget = ({ pointTitle }: Entry): string =>
  pointTitle
    .replace(/^Before (?=“|undoing )/, "before ")
    .replace(/^Undid “/, "after undoing “")
    .replace(/^Redid “/, "after redoing “");

/** The runs after a point, which a restore of it hides. A run's own checkpoint is before the run. */
export const runsSince = (entry: Entry, entries: readonly Entry[]): RunSummary[] =>
  entries.flatMap(({ run, at }) => (run && run.visibility === "shown" && at >= entry.at ? [run] : []));

/** Of each chat, the first run that a redo brings back. */
export function firstHiddenRuns(runs: readonly RunSummary[]): ReadonlySet<string> {
  const first = new Map<string, RunSummary>();
  for (const run of runs) {
    const known = first.get(run.chat_id);
    if (run.visibility === "hidden" && (!known || run.started_at < known.started_at)) first.set(run.chat_id, run);
  }
  return new Set([...first.values()].map(({ task_id }) => task_id));
}

const ofCommit = ({ sha, message, author, date }: GitCommit): Happening => ({
  id: sha,
  kind: "commit",
  name: sha.slice(0, 7),
  title: message.split("\n")[0] ?? "",
  aside: author,
  at: date,
  bead: "commit",
  tone: undefined,
  line: "done",
  isLive: false,
});
const ofDeployment = (deployment: Deployment): Happening => {
  const { bead, tone, line } = timelineMarker(deployment);
  const duration = formatDuration(durationOf(deployment, Date.parse(deployment.updated_at)));
  return {
    id: deployment.id,
    kind: "deploy",
    name: versionName(deployment),
    title: `${deployment.metadata.container_name} to ${providerTitle(deployment.provider)}`,
    aside: isUnderWay(deployment)
      ? stateOf(deployment).word
      : deployment.status === "failed"
        ? "failed"
        : deployment.is_live
          ? `live, ${duration}`
          : deployment.environment === "preview"
            ? `preview, ${duration}`
            : duration,
    at: deployment.created_at,
    bead,
    tone,
    line,
    isLive: deployment.is_live,
  };
};

/** Adds to each restore that is shown its parts, and removes those from the list. */
function withParts(shown: readonly (Entry | Happening)[], points: readonly Entry[], commits: readonly GitCommit[]): (Entry | Happening)[] {
  const isPart = new Set<string>();
  const restores = shown.map((one) => {
    const { before_id, commit_sha } = (isPoint(one) && one.checkpoint?.kind === "restore" && one.checkpoint) || {};
    const before = points.find(({ id }) => id === before_id);
    const commit = commits.find(({ sha }) => sha === commit_sha);
    const parts = [...(before ? [before] : []), ...(commit ? [ofCommit(commit)] : [])];
    for (const { id } of parts) isPart.add(id);
    return parts.length > 0 ? { ...one, parts } : one;
  });
  return restores.filter(({ id }) => !isPart.has(id));
}

/** Points, commits and deployments in one list, oldest first; what a restore saved and committed is part of it. */
export function historyOf(
  points: readonly Entry[],
  commits: readonly GitCommit[],
  deployments: readonly Deployment[],
  filter: PointFilter,
): (Entry | Happening)[] {
  const shown: (Entry | Happening)[] = [
    ...points.filter(({ group }) => filter === "all" || filter === group),
    ...(filter === "all" || filter === "commits" ? commits.map(ofCommit) : []),
    ...(filter === "all" || filter === "deploys" ? deployments.map(ofDeployment) : []),
  ];
  return withParts(shown, points, commits).sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || a.id.localeCompare(b.id));
}

/** Groups entries by day in local time. */
export function groupByDay<T extends { at: string }>(entries: readonly T[], nowMs = Date.now()): Day<T>[] {
  const days: Day<T>[] = [];
  for (const entry of entries) {
    const label = formatDayHeading(entry.at, new Date(nowMs));
    const last = days.at(-1);
    if (last?.label === label) last.entries.push(entry);
    else days.push({ label, entries: [entry] });
  }
  return days;
}

/** "files, database, 41 MB". */
export const contentsOf = ({ databases, volume_size_bytes }: Snapshot): string =>
  [
    "files",
    ...(databases.length > 0 ? [databases.join(", ")] : []),
    ...(volume_size_bytes === null ? [] : [formatBytes(volume_size_bytes)]),
  ].join(", ");

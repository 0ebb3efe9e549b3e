import type { Checkpoint, Deployment, GitCommit, Snapshot } from "@tesslate/contract";
import { formatBytes } from "../../lib/bytes.ts";
import { formatDuration } from "../../lib/durations.ts";
import { formatDayHeading } from "../../lib/time.ts";
import type { BeadKind, BeadTone, LineKind } from "../../ui/thread/index.ts";
import { timelineMarker, durationOf, isUnderWay, versionName, providerTitle, stateOf } from "../deployments/index.ts";

export type PointFilter = "all" | "snapshots" | "checkpoints" | "commits" | "deploys";

/** A snapshot or checkpoint on the timeline. */
export interface Entry {
  id: string;
  kind: "snapshot" | "checkpoint";
  /** The main text. */
  title: string;
  /** Secondary text after the title. */
  note: string;
  at: string;
  bead: "snapshot" | "checkpoint" | "failed";
  /** It can be compared and restored. */
  isReady: boolean;
  isPending: boolean;
  snapshot?: Snapshot;
  checkpoint?: Checkpoint;
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
}
export interface Day<T> {
  label: string;
  entries: T[];
}

const kinds: Record<Snapshot["snapshot_type"], string> = {
  manual: "snapshot",
  safety: "automatic snapshot",
  hibernation: "snapshot before hibernation",
};

export function entriesOf(snapshots: readonly Snapshot[], checkpoints: readonly Checkpoint[], filter: PointFilter = "all"): Entry[] {
  const all = [
    ...(filter === "checkpoints" ? [] : snapshots.map(ofSnapshot)),
    ...(filter === "snapshots" ? [] : checkpoints.map(ofCheckpoint)),
  ];
  // Oldest first.
  return all.sort((a, b) => a.at.localeCompare(b.at) || a.id.localeCompare(b.id));
}
const ofSnapshot = (snapshot: Snapshot): Entry => ({
  id: snapshot.id,
  kind: "snapshot",
  title: snapshot.label ?? snapshot.snapshot_name,
  note: kinds[snapshot.snapshot_type],
  at: snapshot.created_at,
  bead: snapshot.status === "error" ? "failed" : "snapshot",
  isReady: snapshot.status === "ready",
  isPending: snapshot.status === "pending",
  snapshot,
});
const ofCheckpoint = (checkpoint: Checkpoint): Entry => ({
  id: checkpoint.id,
  kind: "checkpoint",
  title: checkpoint.kind === "turn" ? `Before “${checkpoint.label}”` : checkpoint.label,
  note: checkpoint.kind === "turn" ? "checkpoint" : "",
  at: checkpoint.created_at,
  bead: "checkpoint",
  isReady: true,
  isPending: false,
  checkpoint,
});

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
  };
};

/** Points, commits and deployments in one list, oldest first. */
export function historyOf(
  points: readonly Entry[],
  commits: readonly GitCommit[],
  deployments: readonly Deployment[],
  filter: PointFilter,
): (Entry | Happening)[] {
  const shown: (Entry | Happening)[] = [
    ...points.filter(({ kind }) => filter === "all" || filter === `${kind}s`),
    ...(filter === "all" || filter === "commits" ? commits.map(ofCommit) : []),
    ...(filter === "all" || filter === "deploys" ? deployments.map(ofDeployment) : []),
  ];
  return shown.sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || a.id.localeCompare(b.id));
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

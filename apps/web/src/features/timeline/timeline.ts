import type { Checkpoint, Snapshot } from "@tesslate/contract";

export type PointFilter = "all" | "snapshots" | "checkpoints";

/** A point in time on the project's thread. */
export interface Entry {
  id: string;
  kind: "snapshot" | "checkpoint";
  /** What people see first. */
  title: string;
  /** Behind the title, quieter. */
  note: string;
  at: string;
  bead: "snapshot" | "checkpoint" | "failed";
  /** It can be compared and gone back to. */
  isReady: boolean;
  isPending: boolean;
  snapshot?: Snapshot;
  checkpoint?: Checkpoint;
}
export interface Day {
  label: string;
  entries: Entry[];
}

const kinds: Record<Snapshot["snapshot_type"], string> = {
  manual: "snapshot",
  safety: "kept before a restore",
  hibernation: "kept before it went to sleep",
};

export function entriesOf(snapshots: readonly Snapshot[], checkpoints: readonly Checkpoint[], filter: PointFilter = "all"): Entry[] {
  const all = [
    ...(filter === "checkpoints" ? [] : snapshots.map(ofSnapshot)),
    ...(filter === "snapshots" ? [] : checkpoints.map(ofCheckpoint)),
  ];
  // Time runs down.
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

/** By the days of the person's own clock. */
export function daysOf(entries: readonly Entry[], nowMs = Date.now()): Day[] {
  const days: Day[] = [];
  for (const entry of entries) {
    const label = dayLabel(new Date(entry.at), new Date(nowMs));
    const last = days.at(-1);
    if (last?.label === label) last.entries.push(entry);
    else days.push({ label, entries: [entry] });
  }
  return days;
}
function dayLabel(day: Date, now: Date): string {
  const start = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const ago = Math.round((start(now) - start(day)) / 86_400_000);
  if (ago === 0) return "Today";
  if (ago === 1) return "Yesterday";
  return day.toLocaleDateString("en", {
    weekday: "long",
    day: "numeric",
    month: "long",
    ...(day.getFullYear() !== now.getFullYear() && { year: "numeric" }),
  });
}
export const clockOf = (iso: string): string => new Date(iso).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

/** "1.2 MB". */
export function sizeOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let at = 0;
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000;
    at++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[at]}`;
}
/** "files, database, 41 MB". */
export const contentsOf = ({ databases, volume_size_bytes }: Snapshot): string =>
  [
    "files",
    ...(databases.length > 0 ? [databases.join(", ")] : []),
    ...(volume_size_bytes === null ? [] : [sizeOf(volume_size_bytes)]),
  ].join(", ");

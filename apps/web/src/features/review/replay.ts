import type { EvidencePicture, TranscriptEvent } from "@tesslate/contract";
import { countLines, diffLines } from "../../lib/diff-lines.ts";
import type { BeadKind } from "../../ui/thread/index.ts";
import { storedEvent, type FileEdit, type Part, applyRunEvent, emptyRun, argumentOf, lookOf, retryText, toolBead } from "../chat/index.ts";

/** A file that the run has changed so far. */
export interface FileThen {
  path: string;
  status: "added" | "modified" | "deleted" | "renamed";
  additions: number;
  deletions: number;
  /** Whether this moment changed it. */
  isNow: boolean;
}
/** One moment of a run. */
export interface Moment {
  key: string;
  part: Part;
  label: string;
  bead: BeadKind;
  files: FileThen[];
  /** The latest screenshot so far. */
  picture: EvidencePicture | undefined;
}

/** The moments of a run. Files changed by commands are not included, because it is unknown which command changed them. */
export function momentsOf(events: readonly TranscriptEvent[]): Moment[] {
  const first = events[0];
  if (!first) return [];
  let run = emptyRun(first.task_id, "");
  /** Screenshots, with the number of parts before them. */
  const pictures: { at: number; picture: EvidencePicture }[] = [];
  for (const event of events) {
    const known = run.evidence.length;
    run = applyRunEvent(run, storedEvent(event));
    for (const { verify } of run.evidence.slice(known)) {
      const picture = verify?.pictures.at(-1);
      if (picture) pictures.push({ at: run.parts.length, picture });
    }
  }
  let files: FileThen[] = [];
  return run.parts.flatMap((part, index): Moment[] => {
    files = withEdits(files, part.kind === "tool" ? part.edits : []);
    const described = describePart(part);
    return described
      ? [{ key: part.key, part, ...described, files, picture: pictures.findLast(({ at }) => at <= index + 1)?.picture }]
      : [];
  });
}

function describePart(part: Part): { label: string; bead: BeadKind } | undefined {
  switch (part.kind) {
    case "tool":
      return { label: `${lookOf(part.name).verb} ${argumentOf(part).text}`.trim(), bead: toolBead[part.status] };
    case "text":
      return part.text.trim() === "" ? undefined : { label: part.text.trim().slice(0, 80), bead: "step" };
    case "steered":
      return { label: part.text.slice(0, 80), bead: "message" };
    case "error":
      return { label: part.message, bead: "failed" };
    case "retry":
      return { label: retryText(part), bead: "step" };
    default:
      return undefined;
  }
}

const statuses = { add: "added", update: "modified", delete: "deleted", move: "renamed" } as const;

function withEdits(before: readonly FileThen[], edits: readonly FileEdit[]): FileThen[] {
  const files = new Map(before.map((file) => [file.path, { ...file, isNow: false }]));
  for (const { path, op, new_path, diff } of edits) {
    const { added, removed } = countLines(diff === undefined ? [] : diffLines(diff));
    const known = files.get(path);
    const counts = { additions: (known?.additions ?? 0) + added, deletions: (known?.deletions ?? 0) + removed, isNow: true };
    files.delete(path);
    // A file that the run had added is not listed when the run deletes it.
    if (op === "delete" && known?.status === "added") continue;
    const status = known?.status === "added" && op !== "delete" ? "added" : statuses[op];
    files.set(new_path ?? path, { path: new_path ?? path, status, ...counts });
  }
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

import type { GitChange, GitFileDiff, GitStatus } from "@tesslate/contract";
import { maxBatchPaths } from "@tesslate/contract/limits";
import type { ChangeKind } from "../../ui/FileLetter.tsx";
import type { FileMark } from "../files/index.ts";

export type Section = "conflicts" | "staged" | "changes";
export const sectionNames: Record<Section, string> = { conflicts: "Conflicts", staged: "Staged", changes: "Changes" };

const kinds: Record<GitChange["status"], ChangeKind> = {
  M: "modified",
  A: "added",
  D: "deleted",
  R: "renamed",
  U: "conflict",
  "??": "untracked",
};
export const kindOf = (status: GitChange["status"]): ChangeKind => kinds[status];
export const sectionOf = (change: GitChange): Section => (change.status === "U" ? "conflicts" : change.staged ? "staged" : "changes");

/** A row of the list: the header of a section or a change in it. Has the shape of file tree rows, to share their keyboard handling. */
export interface ChangeRow {
  node: { path: string; isDirectory: boolean };
  level: number;
  isOpen: boolean;
  section: Section;
  /** Number of changes in the section, for its header. */
  count: number;
  change: GitChange | undefined;
}
const sections: readonly Section[] = ["conflicts", "staged", "changes"];
/** Identifies a change in a selection. A path may be both staged and changed again. */
export const keyOf = (change: GitChange): string => `${sectionOf(change)}:${change.path}`;

export function changeRowsOf(changes: readonly GitChange[], closed: ReadonlySet<Section>): ChangeRow[] {
  const bySection = Map.groupBy(changes, sectionOf);
  return sections.flatMap((section) => {
    const inside = bySection.get(section) ?? [];
    if (inside.length === 0) return [];
    const isOpen = !closed.has(section);
    const head: ChangeRow = {
      node: { path: section, isDirectory: true },
      level: 0,
      isOpen,
      section,
      count: inside.length,
      change: undefined,
    };
    const files = inside.map((change): ChangeRow => ({
      node: { path: keyOf(change), isDirectory: false },
      level: 1,
      isOpen: false,
      section,
      count: 1,
      change,
    }));
    return isOpen ? [head, ...files] : [head];
  });
}

/** The changes of `section` that the selected rows stand for. A header stands for its whole section. */
export function chosenChanges(changes: readonly GitChange[], keys: ReadonlySet<string>, section: Section): GitChange[] {
  const own = changes.filter((change) => sectionOf(change) === section);
  return keys.has(section) ? own : own.filter((change) => keys.has(keyOf(change)));
}

export const diffOf = (files: readonly GitFileDiff[] | undefined, path: string): GitFileDiff | undefined =>
  files?.find((file) => file.path === path);

/** Status letters for the file tree. An unstaged change takes precedence over a staged one. */
export function marksOf({ changes }: Pick<GitStatus, "changes">): ReadonlyMap<string, FileMark> {
  const marks = new Map<string, FileMark>();
  for (const { path, status, staged } of changes) {
    const mark: FileMark = status === "??" ? "U" : status === "U" ? "!" : status === "R" ? "A" : status;
    if (!staged || !marks.has(path)) marks.set(path, staged || marks.get(path) !== "A" ? mark : "A");
  }
  return marks;
}

/** A message that asks the agent to resolve conflicts; can be sent without edits. */
export function conflictPrompt(paths: readonly string[], operation: GitStatus["operation"], into: string): string {
  const list = paths.map((path) => `- ${path}`).join("\n");
  return [
    `The ${operation ?? "merge"} into ${into} has conflicts in:`,
    list,
    "Read each file with its conflict markers, and the git log of both sides if you need to know why something changed. Resolve the conflicts so that the intent of both sides is kept, and remove all conflict markers.",
    `Run the project's checks. Do not commit, do not abort the ${operation ?? "merge"} and do not change other files: I will review the result and finish it myself. For each file, tell me what you chose and why.`,
  ].join("\n\n");
}

/** A discard of more files than this cannot be undone. */
export const keptFiles = maxBatchPaths;
/** Whether the files API would change or reject this path. */
const isAnother = (path: string): boolean => path.endsWith("/") || path !== path.trim() || /[\\\ufffd]/.test(path);
/** Whether a discard of these can be undone: there are few enough, and each can be read and written with the files API. */
export const canBeUndone = (changes: readonly Pick<GitChange, "path">[]): boolean =>
  changes.length <= keptFiles && !changes.some(({ path }) => isAnother(path));

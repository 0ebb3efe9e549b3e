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

/** A row of the list: the head of a section, or one change in it. Shaped as the rows of the file tree, whose keyboard it shares. */
export interface ChangeRow {
  node: { path: string; isDirectory: boolean };
  level: number;
  isOpen: boolean;
  section: Section;
  /** Of a head: how many are in the section. */
  count: number;
  change: GitChange | undefined;
}
const sections: readonly Section[] = ["conflicts", "staged", "changes"];
/** Stands for a change wherever it is chosen: a path may be both staged and changed since. */
export const keyOf = (change: GitChange): string => `${sectionOf(change)}:${change.path}`;

export function rowsOf(changes: readonly GitChange[], closed: ReadonlySet<Section>): ChangeRow[] {
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

/** The changes that an act on some rows is about: a head stands for its whole section. Of several sections only `section` counts. */
export function chosenChanges(changes: readonly GitChange[], keys: ReadonlySet<string>, section: Section): GitChange[] {
  const own = changes.filter((change) => sectionOf(change) === section);
  return keys.has(section) ? own : own.filter((change) => keys.has(keyOf(change)));
}

export const diffOf = (files: readonly GitFileDiff[] | undefined, path: string): GitFileDiff | undefined =>
  files?.find((file) => file.path === path);

/** Letters for the tree. What is changed since the stage says more than what is staged. */
export function marksOf({ changes }: Pick<GitStatus, "changes">): ReadonlyMap<string, FileMark> {
  const marks = new Map<string, FileMark>();
  for (const { path, status, staged } of changes) {
    const mark: FileMark = status === "??" ? "U" : status === "U" ? "!" : status === "R" ? "A" : status;
    if (!staged || !marks.has(path)) marks.set(path, staged || marks.get(path) !== "A" ? mark : "A");
  }
  return marks;
}

/** What the agent is asked for when a merge could not decide; precise enough to be sent as it stands. */
export function conflictPrompt(paths: readonly string[], operation: GitStatus["operation"], into: string): string {
  const list = paths.map((path) => `- ${path}`).join("\n");
  return [
    `A ${operation ?? "merge"} into ${into} stopped at ${paths.length === 1 ? "a conflict" : "conflicts"} in:`,
    list,
    "Read each of them with its conflict markers, and git log of both sides where you need to know why. Write the text that keeps the intent of both sides, and leave no marker behind.",
    "Run what checks the project has. Do not commit, do not abort and change no other file: I look at the result and finish it myself. Tell me for each file what you decided and why.",
  ].join("\n\n");
}

/** Files of which a discard can be undone: more would be too much to hold. */
export const keptFiles = maxBatchPaths;
/** A name that the files' API takes for another one, or for none. */
const isAnother = (path: string): boolean => path.endsWith("/") || path !== path.trim() || /[\\\ufffd]/.test(path);
/** Whether a discard of these can be taken back: there are not too many, and each is a file that can be read and written again. */
export const canBeUndone = (changes: readonly Pick<GitChange, "path">[]): boolean =>
  changes.length <= keptFiles && !changes.some(({ path }) => isAnother(path));

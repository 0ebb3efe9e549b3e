import { RuntimeError, type History, type Tree } from "@tesslate/runtime";
import type { ApplyChanges } from "@tesslate/contract";
import { conflict, notFound } from "../../../platform/errors.ts";
import type { ProjectFileChange } from "../../projects/files/index.ts";
import type { ChangedText } from "./change-set.ts";
import type { Rejection } from "../../../db/schema/source.ts";
import { selectedHunks } from "./hunks.ts";
import { carryOver, movesDone, splitLines, movesBetween, textWithout } from "./merge.ts";

/** Size limit of files in checkpoints. */
const maxBytes = 32 * 2 ** 20;

/** State of one file: rejected hunks, and whether the whole file is rejected, including its name. */
interface State {
  isWhole: boolean;
  hunks: ReadonlySet<string>;
}
const nothingRejected: State = { isWhole: false, hunks: new Set() };
interface FileTransition {
  file: ChangedText;
  from: State;
  to: State;
}
export interface Conflict {
  path: string;
  /** Null: the file as a whole. */
  hunks: string[] | null;
  reason: "changed" | "gone" | "exists" | "link";
}
type TreeEdit =
  | { op: "write"; path: string; data: Buffer; old?: { data: Uint8Array; etag: string }; mode?: number }
  | { op: "remove"; path: string; old: { data: Uint8Array; etag: string; mode?: number } };
interface Plan {
  edits: TreeEdit[];
  change?: Omit<ProjectFileChange, "etag" | "size">;
}
interface Kept {
  data: Buffer;
  isLink: boolean;
  isExecutable: boolean;
}

/** Target states from the current rejections and the request. Throws 404 for files and hunks that are not in the change set. */
export function transitionsOf(
  files: readonly ChangedText[],
  before: readonly Rejection[],
  request: ApplyChanges,
): { transitions: FileTransition[]; rejected: Rejection[] } {
  const states = new Map<string, State>(
    before.map((rejection) => [
      rejection.path,
      stateOf(
        files.find(({ path }) => path === rejection.path),
        rejection,
      ),
    ]),
  );
  const start = new Map(states);
  const stateAt = (path: string): State => states.get(path) ?? nothingRejected;
  const parts = [
    ...(request.reject ?? []).map((part) => [part, true] as const),
    ...(request.restore ?? []).map((part) => [part, false] as const),
  ];
  for (const [{ path, hunks }, isRejected] of parts) {
    const file = files.find((one) => one.path === path);
    if (!file) throw notFound("File");
    const all = file.hunks.map((hunk) => hunk.id);
    if (hunks?.some((id) => !all.includes(id))) throw notFound("Hunk");
    // The only hunk of an added or deleted file is the whole file.
    if (hunks === undefined || file.status === "added" || file.status === "deleted") {
      states.set(path, { isWhole: isRejected, hunks: new Set(isRejected ? all : []) });
      continue;
    }
    const next = new Set(stateAt(path).hunks);
    for (const id of hunks)
      if (isRejected) next.add(id);
      else next.delete(id);
    const isAll = next.size === all.length;
    states.set(path, { isWhole: isAll && (file.status === "modified" || stateAt(path).isWhole), hunks: next });
  }
  const transitions = files.flatMap((file) => {
    const [from, to] = [start.get(file.path) ?? nothingRejected, stateAt(file.path)];
    const isSame = from.isWhole === to.isWhole && from.hunks.size === to.hunks.size && [...from.hunks].every((id) => to.hunks.has(id));
    return isSame ? [] : [{ file, from, to }];
  });
  const rejected = [...states].flatMap(([path, { isWhole, hunks }]) =>
    isWhole || hunks.size > 0 ? [{ path, is_whole: isWhole, hunks: [...hunks] }] : [],
  );
  return { transitions, rejected };
}

/** The states of a change set's rejections. Rejections of an earlier version may name hunks that are split now. */
const stateOf = (file: ChangedText | undefined, { is_whole, hunks }: Rejection): State => ({
  isWhole: is_whole,
  hunks: file ? selectedHunks(file.hunks, hunks) : new Set(hunks),
});

/**
 * The rejections that still apply. A rejection ends when a restore, an undo or an edit brings the run's lines back. If the file has neither the
 * run's lines nor the original ones, it stays.
 */
export async function standingRejections(
  { history, files: tree }: { history: History; files: Tree },
  points: { before: string; after: string },
  files: readonly ChangedText[],
  rejected: readonly Rejection[],
  signal: AbortSignal,
): Promise<Rejection[]> {
  const known = rejected.flatMap((rejection) => {
    const file = files.find(({ path }) => path === rejection.path);
    return file ? [file] : [];
  });
  if (known.length === 0) return [...rejected];
  const [before, after] = await Promise.all([
    read(history, points.before, new Set(known.map(({ path, old_path }) => old_path ?? path)), signal),
    read(history, points.after, new Set(known.map(({ path }) => path)), signal),
  ]);
  const standing: Rejection[] = [];
  for (const rejection of rejected) {
    const file = known.find(({ path }) => path === rejection.path);
    if (!file) {
      standing.push(rejection);
      continue;
    }
    const [old, now] = [before.get(file.old_path ?? file.path), after.get(file.path)];
    const { isWhole, hunks } = await standingState(tree, file, stateOf(file, rejection), {
      ...(old && { before: old }),
      ...(now && { after: now }),
    });
    if (isWhole || hunks.size > 0) standing.push({ path: file.path, is_whole: isWhole, hunks: [...hunks] });
  }
  return standing;
}

async function standingState(tree: Tree, file: ChangedText, state: State, kept: { before?: Kept; after?: Kept }): Promise<State> {
  const isThere = async (path: string) => (await tree.stat(path)) !== undefined;
  if (state.isWhole) {
    if (file.status === "added") return (await isThere(file.path)) ? nothingRejected : state;
    if (file.status === "deleted") return (await isThere(file.path)) ? state : nothingRejected;
    if (file.old_path !== null) {
      if (!(await isThere(file.path)) || (await isThere(file.old_path))) return state;
      // It has the run's name again; its text can still have rejected parts.
      return standingState(tree, file, { isWhole: false, hunks: state.hunks }, kept);
    }
  }
  const found = await tree.stat(file.path);
  if (!found || found.isLink || found.isDirectory || !kept.after) return state;
  const current = await tree.read(file.path, { maxBytes }).catch(() => undefined);
  if (!current) return state;
  const data = Buffer.from(current.data);
  if (file.hunks.length === 0) {
    const isExecutable = ((current.entry.mode ?? 0) & 0o100) !== 0;
    const isMode = kept.before?.isExecutable !== kept.after.isExecutable;
    return kept.after.data.equals(data) && (!isMode || isExecutable === kept.after.isExecutable) ? nothingRejected : state;
  }
  const form = formOf(file, { isWhole: false, hunks: state.hunks }, kept).data;
  if (!form || form.equals(data)) return state;
  if (kept.after.data.equals(data)) return nothingRejected;
  const done = movesDone(
    splitLines(form.toString("latin1")),
    splitLines(data.toString("latin1")),
    movesBetween(textsOf(kept), file.hunks, { from: state.hunks, to: nothingRejected.hunks }),
  );
  const hunks = new Set([...state.hunks].filter((id) => !done.has(id)));
  return { isWhole: state.isWhole && hunks.size === state.hunks.size, hunks };
}

/** Applies the target states: checks everything first, then writes all files or restores them. Throws `hunks_do_not_fit`. */
export async function applyReview(
  { history, files }: { history: History; files: Tree },
  points: { before: string; after: string },
  transitions: readonly FileTransition[],
  signal: AbortSignal,
): Promise<(ProjectFileChange & { etag?: string })[]> {
  const { plans, conflicts } = await planAll({ history, files }, points, transitions, signal, planOf);
  if (conflicts.length > 0) throw reviewConflict(conflicts);
  signal.throwIfAborted();
  return carryOut(files, plans);
}

async function planAll(
  { history, files }: { history: History; files: Tree },
  points: { before: string; after: string },
  transitions: readonly FileTransition[],
  signal: AbortSignal,
  plan: typeof planOf,
): Promise<{ plans: Plan[]; conflicts: Conflict[] }> {
  const [before, after] = await Promise.all([
    read(history, points.before, new Set(transitions.map(({ file }) => file.old_path ?? file.path)), signal),
    read(history, points.after, new Set(transitions.map(({ file }) => file.path)), signal),
  ]);
  const plans: Plan[] = [];
  const conflicts: Conflict[] = [];
  for (const transition of transitions) {
    const { file } = transition;
    const made = await plan(files, transition, { before: before.get(file.old_path ?? file.path), after: after.get(file.path) });
    if ("reason" in made) conflicts.push(made);
    else plans.push(made);
  }
  return { plans, conflicts };
}

export interface Merge {
  conflicts: Conflict[];
  /** Whether there is anything to write. */
  isEmpty: boolean;
  /** Writes all files or none. Throws `hunks_do_not_fit` for files that changed since the merge was prepared. */
  apply(): Promise<ProjectFileChange[]>;
}

/**
 * Prepares a three-way merge: what changed from one point of a branch's history to another, on the files of another tree. `resolutions` decide
 * conflicts by path.
 */
export async function prepareMerge(
  { history, files }: { history: History; files: Tree },
  points: { before: string; after: string },
  changed: readonly ChangedText[],
  resolutions: ReadonlyMap<string, "branch" | "project">,
  signal: AbortSignal,
): Promise<Merge> {
  const transitions = changed
    .filter(({ path }) => resolutions.get(path) !== "project")
    .map((file): FileTransition => ({
      file,
      from: { isWhole: true, hunks: new Set(file.hunks.map(({ id }) => id)) },
      to: { isWhole: false, hunks: new Set() },
    }));
  const { plans, conflicts } = await planAll({ history, files }, points, transitions, signal, async (tree, transition, given) => {
    const plan = await planOf(tree, transition, given);
    return "reason" in plan && resolutions.get(transition.file.path) === "branch" ? overwriteOf(tree, transition.file, given.after) : plan;
  });
  return { conflicts, isEmpty: plans.every(({ edits }) => edits.length === 0), apply: () => carryOut(files, plans) };
}

/** Puts the branch's version in place of whatever file the tree has. */
async function overwriteOf(tree: Tree, file: ChangedText, after: Kept | undefined): Promise<Plan | Conflict> {
  const conflictOf = (reason: Conflict["reason"]): Conflict => ({ path: file.path, hunks: null, reason });
  const current = async (path: string) => {
    const found = await tree.stat(path);
    if (!found) return undefined;
    if (found.isLink || found.isDirectory) return found.isLink ? ("link" as const) : ("exists" as const);
    const { data, entry } = await tree.read(path);
    return { data, etag: entry.etag, ...(entry.mode !== undefined && { mode: entry.mode }) };
  };
  if (after?.isLink) return conflictOf("link");
  const old = await current(file.path);
  if (typeof old === "string") return conflictOf(old);
  if (file.status === "deleted")
    return old ? { edits: [{ op: "remove", path: file.path, old }], change: { path: file.path, op: "delete" } } : { edits: [] };
  if (!after) return conflictOf("gone");
  const former = file.old_path === null ? undefined : await current(file.old_path);
  if (typeof former === "string") return conflictOf(former);
  return {
    edits: [
      { op: "write", path: file.path, data: after.data, ...(old && { old }), mode: after.isExecutable ? 0o755 : 0o644 },
      ...(former && file.old_path !== null ? [{ op: "remove" as const, path: file.old_path, old: former }] : []),
    ],
    change:
      former && file.old_path !== null && !old
        ? { path: file.old_path, op: "move", new_path: file.path }
        : { path: file.path, op: old ? "update" : "add" },
  };
}

const reviewConflict = (conflicts: Conflict[]) =>
  conflict(
    "hunks_do_not_fit",
    `Nothing was changed because ${conflicts.length === 1 ? `${conflicts[0]?.path} was` : `${conflicts.length} files were`} edited since then.`,
    { conflicts },
  );

async function read(history: History, point: string, paths: ReadonlySet<string>, signal: AbortSignal): Promise<Map<string, Kept>> {
  const found = new Map<string, Kept>();
  for await (const entry of history.read(point, { signal })) {
    if (entry.kind === "folder" || !paths.has(entry.path)) continue;
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry.content()) chunks.push(chunk);
    found.set(entry.path, { data: Buffer.concat(chunks), isLink: entry.kind === "link", isExecutable: entry.isExecutable });
    if (found.size === paths.size) break;
  }
  return found;
}

/** Path and content of a file in a state. */
function formOf({ path, old_path, status, hunks }: ChangedText, state: State, kept: { before?: Kept; after?: Kept }) {
  const isRemoved = status === "added" ? state.isWhole : status === "deleted" ? !state.isWhole : false;
  const at = state.isWhole ? (old_path ?? path) : path;
  if (isRemoved) return { at, data: undefined };
  if (state.isWhole || status === "deleted") return { at, data: kept.before?.data };
  if (state.hunks.size === 0 || !kept.before || !kept.after) return { at, data: kept.after?.data };
  return { at, data: bytes(textWithout(textsOf(kept), hunks, state.hunks)) };
}

/** latin1, so that bytes that are not UTF-8 are preserved. */
const textsOf = ({ before, after }: { before?: Kept; after?: Kept }) => ({
  before: splitLines(before?.data.toString("latin1") ?? ""),
  after: splitLines(after?.data.toString("latin1") ?? ""),
});
const bytes = (lines: string[]) => Buffer.from(lines.join(""), "latin1");

async function planOf(
  tree: Tree,
  { file, from, to }: FileTransition,
  given: { before: Kept | undefined; after: Kept | undefined },
): Promise<Plan | Conflict> {
  const kept = { ...(given.before && { before: given.before }), ...(given.after && { after: given.after }) };
  const moved = file.hunks.filter(({ id }) => from.hunks.has(id) !== to.hunks.has(id)).map(({ id }) => id);
  const isWhole = from.isWhole !== to.isWhole || moved.length === 0;
  const conflictOf = (reason: Conflict["reason"], hunks?: string[]): Conflict => ({
    path: file.path,
    hunks: hunks ?? (isWhole || moved.length === 0 ? null : moved),
    reason,
  });
  if (kept.before?.isLink || kept.after?.isLink) return conflictOf("link");
  const [now, next] = [formOf(file, from, kept), formOf(file, to, kept)];
  const wanted = to.isWhole ? kept.before : kept.after;
  const isModeMoved = from.isWhole !== to.isWhole && kept.before?.isExecutable !== kept.after?.isExecutable;
  const mode = wanted?.isExecutable ? 0o755 : isModeMoved && wanted ? 0o644 : undefined;
  const found = await tree.stat(now.at);
  if (found?.isLink || found?.isDirectory) return conflictOf(found.isLink ? "link" : "exists");
  const current = found && (await tree.read(now.at, { maxBytes }).catch(() => undefined));
  if (found && !current) return conflictOf("changed");
  const old = current && {
    data: current.data,
    etag: current.entry.etag,
    ...(current.entry.mode !== undefined && { mode: current.entry.mode }),
  };

  if (now.data === undefined) {
    if (next.data === undefined) return { edits: [] };
    if (old) return next.data.equals(old.data) ? { edits: [] } : conflictOf("exists");
    return {
      edits: [{ op: "write", path: next.at, data: next.data, ...(mode !== undefined && { mode }) }],
      change: { path: next.at, op: "add" },
    };
  }
  if (!old) {
    if (next.data === undefined) return { edits: [] };
    return next.at !== now.at && (await hasContent(tree, next.at, next.data)) ? { edits: [] } : conflictOf("gone");
  }
  const isUntouched = now.data.equals(old.data);
  if (next.data === undefined)
    return isUntouched ? { edits: [{ op: "remove", path: now.at, old }], change: { path: now.at, op: "delete" } } : conflictOf("changed");

  let data = next.data;
  if (!isUntouched && !(next.at === now.at && next.data.equals(old.data))) {
    const texts = textsOf(kept);
    if (file.hunks.length === 0 && !now.data.equals(next.data)) return conflictOf("changed");
    const carried = carryOver(
      splitLines(now.data.toString("latin1")),
      splitLines(Buffer.from(old.data).toString("latin1")),
      movesBetween(texts, file.hunks, { from: from.hunks, to: to.hunks }),
    );
    if (!carried.ok) return conflictOf("changed", carried.conflicts);
    data = bytes(carried.lines);
  }
  if (next.at === now.at) {
    if (data.equals(old.data) && !isModeMoved) return { edits: [] };
    return {
      edits: [{ op: "write", path: now.at, data, old, ...(isModeMoved && mode !== undefined && { mode }) }],
      change: { path: now.at, op: "update" },
    };
  }
  const isWritten = await hasContent(tree, next.at, data);
  if (!isWritten && (await tree.stat(next.at))) return conflictOf("exists");
  return {
    edits: [
      ...(isWritten ? [] : [{ op: "write" as const, path: next.at, data, ...(old.mode !== undefined && { mode: old.mode }) }]),
      { op: "remove", path: now.at, old },
    ],
    change: { path: now.at, op: "move", new_path: next.at },
  };
}

/** A move that was cut short by the end of the process has left this content at the new path; repeating it completes it. */
async function hasContent(tree: Tree, path: string, data: Buffer): Promise<boolean> {
  const found = await tree.stat(path);
  if (!found || found.isLink || found.isDirectory) return false;
  const current = await tree.read(path, { maxBytes }).catch(() => undefined);
  return current !== undefined && data.equals(current.data);
}

async function carryOut(tree: Tree, plans: readonly Plan[]): Promise<ProjectFileChange[]> {
  const undo: (() => Promise<unknown>)[] = [];
  const changes: ProjectFileChange[] = [];
  let at = "";
  try {
    for (const { edits, change } of plans) {
      let written: { etag: string; size: number } | undefined;
      for (const edit of edits) {
        at = edit.path;
        const { old } = edit;
        if (edit.op === "remove") {
          await tree.remove(edit.path, { ifMatch: edit.old.etag });
          undo.push(() =>
            tree.write(edit.path, edit.old.data, { ifNoneMatch: "*", ...(edit.old.mode !== undefined && { mode: edit.old.mode }) }),
          );
          continue;
        }
        const { entry } = await tree.write(edit.path, edit.data, {
          ...(old ? { ifMatch: old.etag } : { ifNoneMatch: "*" as const }),
          ...(edit.mode !== undefined && { mode: edit.mode }),
        });
        undo.push(() => (old ? tree.write(edit.path, old.data, { ifMatch: entry.etag }) : tree.remove(edit.path, { ifMatch: entry.etag })));
        written = { etag: entry.etag, size: entry.size };
      }
      if (change) changes.push({ ...change, ...written });
    }
    return changes;
  } catch (error) {
    // Later writes by others are kept.
    for (const step of undo.toReversed()) await step().catch(() => undefined);
    if (error instanceof RuntimeError && ["etag_mismatch", "exists", "not_found", "is_directory", "not_directory"].includes(error.code))
      throw reviewConflict([{ path: at, hunks: null, reason: "changed" }]);
    throw error;
  }
}

import { useEffect, useRef } from "react";
import { trimPath, type FileTree } from "../../lib/file-tree.ts";
import { isGeneratedFile } from "../../lib/generated-files.ts";
import { useFileTree, useProjectEvent } from "../../project/project-context.ts";
import { useConversation, partsOf } from "../chat/index.ts";
import { useOpenFiles } from "../files/index.ts";

/** The files of an untouched project are written within this time. */
const setupMs = 10_000;
const programFiles = /\.(?:db|sqlite3?|sqlite-(?:shm|wal)|db-(?:shm|wal)|log|pid|sock)$/;
const isWritten = (tree: FileTree, path: string): boolean =>
  tree.nodes.get(path)?.isDirectory === false && !isGeneratedFile(path) && !programFiles.test(path);

/** More files than this within `togetherMs` were written by one operation: an upload, a checkout, a restore. None of them is the last one. */
const mostTogether = 20;
const togetherMs = 2_000;

/** The file that was changed last, by its time on the server; undefined in an unchanged project and after a bulk change. */
export function lastChangedFile(tree: FileTree): string | undefined {
  const written = [...tree.nodes.values()]
    .filter(({ path }) => isWritten(tree, path))
    .map(({ path, mtime }) => ({ path, atMs: Date.parse(mtime) }))
    .filter(({ atMs }) => !Number.isNaN(atMs));
  const newest = written.reduce((last, file) => (file.atMs > last.atMs ? file : last), { path: "", atMs: -1 });
  const oldestMs = written.reduce((first, { atMs }) => Math.min(first, atMs), newest.atMs);
  const isBulk = written.filter(({ atMs }) => newest.atMs - atMs < togetherMs).length > mostTogether;
  return newest.atMs - oldestMs > setupMs && !isBulk ? newest.path : undefined;
}

/** Opens the file that the agent or a person changed last when the code is shown and no file is open. */
export function useLastChangedFile(isShown: boolean): void {
  const tree = useFileTree().data;
  const { paths, open } = useOpenFiles();
  const ofRun = useConversation(({ lastRun }) =>
    lastRun
      ? partsOf(lastRun)
          .flatMap((part) => (part.kind === "tool" ? part.edits : []))
          .findLast(({ op }) => op !== "delete")
      : undefined,
  );
  /** Changed while the page was open. */
  const seen = useRef<string>(undefined);
  useProjectEvent("file_changed", (change) => {
    if (change.branch_id === undefined && change.op !== "delete") seen.current = trimPath(change.new_path ?? change.path);
  });
  /** Once each time that the code is shown: closing the last file leaves none open. */
  const isDone = useRef(false);
  useEffect(() => {
    if (!isShown) isDone.current = false;
    if (!isShown || !tree || isDone.current) return;
    isDone.current = true;
    if (paths.length > 0) return;
    const candidates = [seen.current, ofRun && trimPath(ofRun.new_path ?? ofRun.path), lastChangedFile(tree)];
    const path = candidates.find((candidate) => candidate !== undefined && isWritten(tree, candidate));
    if (path) open(path);
  }, [isShown, tree, paths, ofRun, open]);
}

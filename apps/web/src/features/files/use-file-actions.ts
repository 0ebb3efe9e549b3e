import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { counted } from "../../lib/counted.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { fileNameOf, patchTree, type FileTree } from "../../lib/file-tree.ts";
import { useOptimisticMutation } from "../../lib/use-optimistic-mutation.ts";
import { treeKey } from "../../project/project.queries.ts";
import { useServices } from "../../project/services.ts";
import { toastWithUndo } from "../../ui/toast.tsx";
import { movesInto, type Move } from "./moving.ts";
import { keepForUndo, type Removal } from "./trash.ts";

export interface FileActions {
  createFile: (path: string) => Promise<string | undefined>;
  createFolder: (path: string) => Promise<string | undefined>;
  /** Each resolves with the reason if it failed. */
  rename: (from: string, to: string) => Promise<string | undefined>;
  /** Moves files and folders into another folder ("" is the project root); the toast offers undo. */
  moveInto: (paths: readonly string[], folder: string) => Promise<string | undefined>;
  /** The toast offers undo if it is possible; otherwise the caller confirms first. Rejects if it failed. */
  remove: (removal: Removal) => Promise<void>;
}

const countOf = (paths: readonly string[]) => (paths.length === 1 ? fileNameOf(paths[0] ?? "") : counted(paths.length, "item"));

/** Changes to the tree: moves are shown at once and reverted if the server refuses. */
export function useFileActions(projectId: string): FileActions {
  const { api } = useServices();
  const queries = useQueryClient();
  const { mutateAsync: move } = useOptimisticMutation({
    mutationFn: ({ from, to }: Move) => api.files.rename({ params: { id: projectId }, body: { old_path: from, new_path: to } }),
    affects: [treeKey(projectId)],
    show: (cache, { from, to }) =>
      cache.setQueryData<FileTree>(treeKey(projectId), (tree) => tree && patchTree(tree, { path: from, op: "move", new_path: to })),
  });
  return useMemo(() => {
    const key = treeKey(projectId);
    const params = { id: projectId };
    const patch = (change: Parameters<typeof patchTree>[1]) =>
      queries.setQueryData<FileTree>(key, (tree) => tree && patchTree(tree, change));
    const refetch = () => queries.invalidateQueries({ queryKey: key });
    const guarded = async (operation: () => Promise<unknown>): Promise<string | undefined> => {
      try {
        await operation();
        return undefined;
      } catch (error) {
        void refetch();
        return sentenceOf(error);
      }
    };
    const undoing = (sentence: string, undo: () => Promise<unknown>) =>
      toastWithUndo(sentence, () =>
        undo().catch((error: unknown) => {
          void refetch();
          throw error;
        }),
      );
    return {
      createFile: (path) =>
        guarded(async () => {
          const file = await api.files.put({ params: { ...params, path }, body: { content: "" } }, { headers: { "if-none-match": "*" } });
          patch({ path, op: "add", etag: file.etag, size: 0 });
        }),
      createFolder: (path) =>
        guarded(async () => {
          await api.files.mkdir({ params, body: { path } });
          patch({ path, op: "add", is_directory: true });
        }),
      rename: (from, to) => guarded(() => move({ from, to })),
      moveInto: async (paths, folder) => {
        const tree = queries.getQueryData<FileTree>(key);
        const moves = tree ? movesInto(tree, paths, folder) : [];
        if (typeof moves === "string") return moves;
        const done: Move[] = [];
        const failure = await guarded(async () => {
          for (const one of moves) {
            await move(one);
            done.push(one);
          }
        });
        const count = countOf(done.map((one) => one.from));
        if (done.length > 0)
          undoing(folder === "" ? `Moved ${count} to the project root.` : `Moved ${count} to ${fileNameOf(folder)}.`, async () => {
            for (const { from, to } of done.reverse()) await move({ from: to, to: from });
          });
        return failure;
      },
      remove: async (removal) => {
        const failure = await guarded(async () => {
          const bringBack = removal.isUndoable ? await keepForUndo(api, projectId, removal) : undefined;
          for (const path of removal.paths) {
            await api.files.remove({ params: { ...params, path }, query: { recursive: true } });
            patch({ path, op: "delete" });
          }
          if (bringBack) undoing(`Deleted ${countOf(removal.paths)}.`, bringBack);
        });
        if (failure) throw new Error(failure);
      },
    };
  }, [api, queries, projectId, move]);
}

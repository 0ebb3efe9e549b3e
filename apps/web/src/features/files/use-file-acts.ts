import { useQueryClient } from "@tanstack/react-query";
import type { File } from "@tesslate/contract";
import { useMemo } from "react";
import { sentenceOf } from "../../lib/errors.ts";
import { toast } from "../../ui/toast.tsx";
import { useServices } from "../workbench/services.ts";
import { treeKey } from "../workbench/workbench.queries.ts";
import { nameOf, patchTree, type FileTree } from "./tree.ts";

export interface FileActs {
  createFile: (path: string) => Promise<string | undefined>;
  createFolder: (path: string) => Promise<string | undefined>;
  /** Each resolves with a sentence when it did not work. */
  rename: (from: string, to: string) => Promise<string | undefined>;
  /** A file; the toast brings it back. */
  removeFile: (path: string) => Promise<void>;
  /** A folder and all in it; rejects when it did not work. */
  removeFolder: (path: string) => Promise<void>;
}

/** Changes to the tree: shown at once, taken back when the server refuses. */
export function useFileActs(projectId: string): FileActs {
  const { api } = useServices();
  const queries = useQueryClient();
  return useMemo(() => {
    const key = treeKey(projectId);
    const patch = (change: Parameters<typeof patchTree>[1]) =>
      queries.setQueryData<FileTree>(key, (tree) => tree && patchTree(tree, change));
    const refetch = () => queries.invalidateQueries({ queryKey: key });
    const guarded = async (act: () => Promise<unknown>): Promise<string | undefined> => {
      try {
        await act();
        return undefined;
      } catch (error) {
        void refetch();
        return sentenceOf(error);
      }
    };
    const at = (path: string) => ({ params: { id: projectId, path } });
    return {
      createFile: (path) =>
        guarded(async () => {
          const file = await api.files.put({ ...at(path), body: { content: "" } }, { headers: { "if-none-match": "*" } });
          patch({ path, op: "add", etag: file.etag, size: 0 });
        }),
      createFolder: (path) =>
        guarded(async () => {
          await api.files.mkdir({ params: { id: projectId }, body: { path } });
          patch({ path, op: "add", is_directory: true });
        }),
      rename: (from, to) =>
        guarded(async () => {
          patch({ path: from, op: "move", new_path: to });
          await api.files.rename({ params: { id: projectId }, body: { old_path: from, new_path: to } });
        }),
      removeFile: async (path) => {
        try {
          const kept = (await api.files.get(at(path))) as File;
          patch({ path, op: "delete" });
          await api.files.remove(at(path));
          const bringBack = async () => {
            const failure = await guarded(() =>
              api.files.put(
                { ...at(path), body: { content: kept.content ?? "", encoding: kept.encoding } },
                { headers: { "if-none-match": "*" } },
              ),
            );
            if (failure) toast(failure, { kind: "failed" });
          };
          toast(`Deleted ${nameOf(path)}.`, { action: { label: "Undo", onSelect: () => void bringBack() } });
        } catch (error) {
          void refetch();
          toast(`${nameOf(path)} was not deleted: ${sentenceOf(error)}`, { kind: "failed" });
        }
      },
      removeFolder: async (path) => {
        try {
          await api.files.remove({ ...at(path), query: { recursive: true } });
          patch({ path, op: "delete" });
        } catch (error) {
          void refetch();
          throw new Error(sentenceOf(error), { cause: error });
        }
      },
    };
  }, [api, queries, projectId]);
}

import type { Tree } from "@tesslate/runtime";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ProjectFileChange } from "../files/index.ts";
import { splitAssetPath } from "./assets.names.ts";
import { reconcileAssets } from "./assets.reconcile.ts";
import type { AssetsStore } from "./assets.store.ts";

/** Keeps the rows of assets in line with changes of the file tree by other features. */
export const createAssetFollower = ({
  store,
  projects,
}: {
  store: AssetsStore;
  projects: {
    find(id: string): Promise<ProjectRow | undefined>;
    sandboxOf(project: ProjectRow): Promise<{ files: Tree }>;
  };
}) => ({
  /** Moves rows along with files moved through the API. Other changes are reconciled on the next list. */
  follow: async (projectId: string, changes: readonly ProjectFileChange[]): Promise<void> => {
    for (const { op, path, new_path } of changes)
      if (op === "move" && new_path !== undefined)
        await store.movePath(projectId, { path, ...splitAssetPath(path) }, { path: new_path, ...splitAssetPath(new_path) });
  },
  /** For after the whole tree was replaced, e.g. by a snapshot restore. */
  reconcile: async (projectId: string): Promise<void> => {
    const project = await projects.find(projectId);
    if (project) await reconcileAssets(projectId, (await projects.sandboxOf(project)).files, store);
  },
});

import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { ContainerData } from "./container-data.ts";
import type { ContainerSecrets } from "./container-secrets.ts";
import type { ContainerView } from "./container-view.ts";
import type { ContainerReads } from "./containers.read.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { Dependents } from "./dependents.ts";
import type { RunningContainers } from "./running-containers.ts";

/** What a deletion kept, and how to restore it. */
interface Removal {
  snapshot_id: string | null;
  checkpoint_id: string | null;
  kept_directory: string | null;
}
export type RemoveContainer = ReturnType<typeof createRemoveContainer>;
/**
 * Stops and deletes a container with its connections and data; a snapshot keeps the data where it can be read. Its files stay unless
 * `delete_files` is set and no other container uses them.
 */
export const createRemoveContainer =
  ({
    store,
    reads,
    data,
    running,
    announce,
  }: {
    store: Pick<ContainersStore, "remove">;
    reads: Pick<ContainerReads, "require" | "listAll">;
    data: ContainerData;
    /** `cancelSetUp`: stops copying files into its folder. */
    running: RunningContainers & { cancelSetUp(row: ContainerRow): Promise<void> };
    announce: AnnounceRemoval;
  }) =>
  async (userId: string, ref: string, id: string, { deleteFiles = false }: { deleteFiles?: boolean } = {}): Promise<Removal> => {
    const { project, row } = await reads.require(userId, ref, id);
    const snapshot_id = await data.snapshot(project, row, userId);
    const others = (await reads.listAll(project.id)).filter((other) => other.id !== row.id);
    const announceRemoved = await announce(row);
    // Delete the row first: nothing new can start, and a start in progress ends with the stop. After a crash in between, the next server
    // start stops the service.
    await store.remove(row.id);
    await running.stop(project, row);
    await running.cancelSetUp(row);
    await data.remove(project, row);
    await running.updateStatus(project);
    await announceRemoved();
    return { snapshot_id, ...(await data.removeFolder(project, row, { others, isWanted: deleteFiles })) };
  };

export type AnnounceRemoval = ReturnType<typeof createAnnounceRemoval>;
/** Prepares the announcement of a deletion, while the connections of the container are still known. */
export const createAnnounceRemoval =
  ({
    view,
    dependents,
    secrets,
  }: {
    view: Pick<ContainerView, "emitChange">;
    dependents: Dependents;
    secrets: Pick<ContainerSecrets, "changed">;
  }) =>
  async (row: ContainerRow): Promise<() => Promise<void>> => {
    const targets = await dependents.of(row);
    return async () => {
      await view.emitChange(row, "delete");
      await dependents.markStale(row, targets);
      await secrets.changed(row.project_id);
    };
  };

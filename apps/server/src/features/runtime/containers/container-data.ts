import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { Projects } from "../../projects/projects/index.ts";
import { volumesOf } from "./catalogue/index.ts";

/** Snapshots a container's data; null when there is none. */
export type SnapshotContainerData = (project: ProjectRow, row: ContainerRow, userId: string) => Promise<string | null>;

export type ContainerData = ReturnType<typeof createContainerData>;
/** The volumes and the folder of a container that is deleted. */
export const createContainerData = ({
  projects,
  checkpointBefore,
  snapshotData,
}: {
  projects: Pick<Projects, "release" | "sandboxOf">;
  /** Creates a checkpoint before files are removed; null when it failed. */
  checkpointBefore: (project: ProjectRow, label: string) => Promise<string | null>;
  snapshotData: SnapshotContainerData;
}) => ({
  /** The id of a snapshot of its data; null when there is none. */
  snapshot: async (project: ProjectRow, row: ContainerRow, userId: string): Promise<string | null> =>
    volumesOf(row).length > 0 && row.last_started_at !== null ? snapshotData(project, row, userId) : null,
  /** Releases what other features keep of it, and removes its volumes. */
  remove: async (project: ProjectRow, row: ContainerRow): Promise<void> => {
    await projects.release({ project_id: project.id, container_id: row.id, reason: "deleted" });
    const volumes = volumesOf(row);
    if (volumes.length === 0) return;
    const sandbox = await projects.sandboxOf(project);
    for (const { name } of volumes) await sandbox.removeVolume(name);
  },
  /** Removes the folder, after a checkpoint of it, if that is wanted and no other container uses it. */
  removeFolder: async (
    project: ProjectRow,
    row: ContainerRow,
    { others, isWanted }: { others: readonly ContainerRow[]; isWanted: boolean },
  ): Promise<{ checkpoint_id: string | null; kept_directory: string | null }> => {
    const isOwnFolder = row.directory !== "." && !others.some((other) => sharesFolder(other.directory, row.directory));
    const isRemoved = isWanted && isOwnFolder;
    const { files } = await projects.sandboxOf(project);
    const hasFolder = row.directory !== "." && (await files.stat(row.directory)) !== undefined;
    const checkpoint_id =
      isRemoved && hasFolder ? await checkpointBefore(project, `Before deleting ${row.directory} with ${row.name}`) : null;
    if (isRemoved && hasFolder) await files.remove(row.directory, { recursive: true });
    return { checkpoint_id, kept_directory: hasFolder && !isRemoved ? row.directory : null };
  },
});

const sharesFolder = (one: string, other: string): boolean => one === other || one.startsWith(`${other}/`);

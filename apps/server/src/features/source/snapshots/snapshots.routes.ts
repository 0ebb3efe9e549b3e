import { snapshotsRoutes } from "@tesslate/contract";
import { attachment } from "../../../http/attachment.ts";
import type { Mount } from "../../../http/mount.ts";
import type { FilesRestore } from "./files-restore.ts";
import type { Snapshots } from "./snapshots.service.ts";

export function mountSnapshots(mount: Mount, { snapshots, filesRestore }: { snapshots: Snapshots; filesRestore: FilesRestore }): void {
  mount("snapshots", snapshotsRoutes, {
    list: ({ user }, { params, query }) => snapshots.list(user.id, params.id, query),
    create: ({ user }, { params, body }) => snapshots.create(user.id, params.id, body),
    get: ({ user }, { params }) => snapshots.get(user.id, params.id, params.snapshot_id),
    remove: ({ user }, { params }) => snapshots.remove(user.id, params.id, params.snapshot_id),
    restore: ({ user }, { params, body }) => snapshots.restore(user.id, params.id, params.snapshot_id, body),
    diff: ({ user, signal }, { params, query }) => snapshots.diff(user.id, params.id, params.snapshot_id, query, signal),
    tables: ({ user, signal }, { params, query }) => snapshots.tables(user.id, params.id, params.snapshot_id, query.against, signal),
    download: async ({ user, setHeader }, { params, query: { format = "zip" } }, { reply }) => {
      const { row, data } = await snapshots.download(user.id, params.id, params.snapshot_id, format);
      setHeader("content-disposition", attachment(`${row.snapshot_name}.${format}`));
      setHeader("cache-control", "no-store");
      return reply.type(format === "zip" ? "application/zip" : "application/gzip").send(data);
    },
    filesCopy: ({ user }, { params }) => filesRestore.get(user.id, params.id),
    restoreFiles: ({ user }, { params }) => filesRestore.restore(user.id, params.id),
    checkpoints: ({ user }, { params, query }) => snapshots.checkpoints(user.id, params.id, query),
    checkpointDiff: ({ user, signal }, { params, query }) =>
      snapshots.checkpointDiff(user.id, params.id, params.checkpoint_id, query, signal),
    checkpointRestore: ({ user }, { params, body }) => snapshots.checkpointRestore(user.id, params.id, params.checkpoint_id, body),
  });
}

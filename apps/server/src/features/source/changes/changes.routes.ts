import { changesRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { ApplyChangeSet, DiffChangeSet } from "./changes.service.ts";

export function mountChanges(mount: Mount, { diff, apply }: { diff: DiffChangeSet; apply: ApplyChangeSet }): void {
  mount("changes", changesRoutes, {
    diff: ({ user, signal }, { params }) => diff(user.id, params.task_id, signal),
    apply: ({ user, signal }, { params, body }) => apply(user.id, params.task_id, body, signal),
  });
}

import { changesRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { ApplyChangeSet, DiffChangeSet, ListRuns } from "./changes.service.ts";

export function mountChanges(mount: Mount, { list, diff, apply }: { list: ListRuns; diff: DiffChangeSet; apply: ApplyChangeSet }): void {
  mount("changes", changesRoutes, {
    list: ({ user }, { params, query }) => list(user.id, params.id, query),
    diff: ({ user, signal }, { params }) => diff(user.id, params.task_id, signal),
    apply: ({ user, signal }, { params, body }) => apply(user.id, params.task_id, body, signal),
  });
}

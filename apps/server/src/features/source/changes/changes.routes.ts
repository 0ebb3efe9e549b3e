import { changesRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { ChangeSets } from "./changes.service.ts";

export function mountChanges(mount: Mount, { changes }: { changes: ChangeSets }): void {
  mount("changes", changesRoutes, {
    diff: ({ user, signal }, { params }) => changes.diff(user.id, params.task_id, signal),
    apply: ({ user, signal }, { params, body }) => changes.apply(user.id, params.task_id, body, signal),
  });
}

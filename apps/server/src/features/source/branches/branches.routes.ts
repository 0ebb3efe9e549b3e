import { branchesRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { Branches } from "./branches.service.ts";

export function mountBranches(mount: Mount, { branches }: { branches: Branches }): void {
  mount("branches", branchesRoutes, {
    list: ({ user }, { params }) => branches.list(user.id, params.id),
    diff: ({ user, signal }, { params }) => branches.diff(user.id, params.id, params.branch_id, signal),
    merge: ({ user, signal }, { params, body }) => branches.merge(user.id, params.id, params.branch_id, body, signal),
    discard: ({ user }, { params }) => branches.discard(user.id, params.id, params.branch_id),
  });
}

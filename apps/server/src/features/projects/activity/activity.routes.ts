import { activityRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { Activity } from "./activity.service.ts";

export function mountActivity(mount: Mount, { activity }: { activity: Activity }): void {
  mount("activity", activityRoutes, {
    list: ({ user }, { params, query }) => activity.list(user.id, params.id, query),
  });
}

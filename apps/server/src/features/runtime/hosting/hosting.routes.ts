import { hostingRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { Hosting } from "./hosting.service.ts";

export function mountHosting(mount: Mount, { hosting }: { hosting: Hosting }): void {
  mount("hosting", hostingRoutes, {
    limits: ({ user }) => hosting.limits(user.id),
    deploy: ({ user }, { params }) => hosting.deploy(user.id, params.id),
    undeploy: ({ user }, { params }) => hosting.undeploy(user.id, params.id),
  });
}

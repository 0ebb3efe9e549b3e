import { Readable } from "node:stream";
import { deploymentsRoutes, deploymentTargetsRoutes } from "@tesslate/contract";
import { attachment } from "../../../http/attachment.ts";
import type { Mount } from "../../../http/mount.ts";
import { launchSettingsHandlers, type LaunchSettingsService } from "../launch/index.ts";
import type { DeploymentTargets } from "./targets.service.ts";
import type { Deployments } from "./deployments.service.ts";

export function mountDeployments(
  mount: Mount,
  { deployments, targets, launchSettings }: { deployments: Deployments; targets: DeploymentTargets; launchSettings: LaunchSettingsService },
): void {
  mount("deployments", deploymentsRoutes, {
    list: ({ user }, { params, query }) => deployments.list(user.id, params.project_id, query),
    create: ({ user }, { body }) => deployments.create(user.id, body),
    plan: ({ user }, { body }) => deployments.plan(user.id, body),
    deployAll: ({ user }, { body }) => deployments.deployAll(user.id, body),
    status: ({ user }, { params }) => deployments.status(user.id, params.deployment_id),
    logs: ({ user }, { params, query }) => deployments.logs(user.id, params.deployment_id, query),
    stream: ({ user, signal, headers }, { params }) => {
      const last = Number(headers["last-event-id"]);
      return deployments.stream(user.id, params.deployment_id, signal, Number.isSafeInteger(last) && last > 0 ? last : 0);
    },
    bundle: async ({ user, setHeader }, { params }, { request, reply }) => {
      const { name, open } = await deployments.bundle(user.id, params.deployment_id);
      setHeader("content-disposition", attachment(`${name}.zip`));
      setHeader("cache-control", "no-store");
      reply.type("application/zip");
      // HEAD must not build the archive.
      return reply.send(request.method === "HEAD" ? Readable.from([]) : open());
    },
    rollback: ({ user }, { params }) => deployments.startRollback(user.id, params.deployment_id),
    promote: ({ user }, { params, body }) => deployments.startPromotion(user.id, params.deployment_id, body ?? {}),
    cancel: ({ user }, { params }) => deployments.cancel(user.id, params.deployment_id),
    remove: ({ user }, { params, query }) => deployments.remove(user.id, params.deployment_id, query),
    ...launchSettingsHandlers(launchSettings),
  });
  mount("deploymentTargets", deploymentTargetsRoutes, {
    list: ({ user }, { params, query }) => targets.list(user.id, params.project_id, query),
    create: ({ user }, { params, body }) => targets.create(user.id, params.project_id, body),
    update: ({ user }, { params, body }) => targets.update(user.id, params.project_id, params.target_id, body),
    remove: ({ user }, { params }) => targets.remove(user.id, params.project_id, params.target_id),
    attach: ({ user }, { params }) => targets.attach(user.id, params.project_id, params.target_id, params.container_id),
    detach: ({ user }, { params }) => targets.detach(user.id, params.project_id, params.target_id, params.container_id),
    deploy: ({ user }, { params, body }) => targets.deploy(user.id, params.project_id, params.target_id, body ?? {}),
    history: ({ user }, { params, query }) => targets.history(user.id, params.project_id, params.target_id, query),
  });
}

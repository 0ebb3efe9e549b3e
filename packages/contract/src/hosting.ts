import { Nullable, ProjectParams, Timestamp, Type, Uuid, taskAnswer, type Static } from "./schema.ts";
import { route } from "./route.ts";
import { Tier } from "./users.ts";

const tag = "projects";
const Slots = Type.Object({ used: Type.Integer(), limit: Type.Integer() });
/** Null: as many as one likes. */
const FreeSlots = Type.Object({ used: Type.Integer(), limit: Nullable(Type.Integer()) });

/** What the caller's tier allows, and what of it is in use. */
export const DeploymentLimits = Type.Object({
  subscription_tier: Tier,
  /** Hosted projects. */
  deploys: FreeSlots,
  /** Projects that run at the same time, hosted ones among them. */
  running: Slots,
  /** The hosted ones, the oldest first. */
  deployed: Type.Array(Type.Object({ id: Uuid, slug: Type.String(), name: Type.String(), deployed_at: Timestamp })),
});
export type DeploymentLimits = Static<typeof DeploymentLimits>;

/** Keep-alive hosting (accounts-projects 9): a hosted project is never put to sleep, and started again after a crash or a reboot. */
export const hostingRoutes = {
  limits: route({
    method: "GET",
    path: "/api/projects/deployment-limits",
    tag,
    summary: "How many projects may be hosted and may run at once, and how many do",
    auth: "user",
    response: DeploymentLimits,
  }),
  deploy: route({
    method: "POST",
    path: "/api/projects/{id}/deploy",
    tag,
    summary: "Keep the project running, and start it",
    auth: "user",
    status: 202,
    params: ProjectParams,
    response: Type.Object({ ...taskAnswer, project_slug: Type.String(), is_deployed: Type.Literal(true), deployed_at: Timestamp }),
    errors: ["not_found", "no_containers", "project_busy", "deploy_limit_reached", "running_limit_reached"],
  }),
  undeploy: route({
    method: "DELETE",
    path: "/api/projects/{id}/deploy",
    tag,
    summary: "Do not keep the project running any more; it goes on until it is idle or stopped",
    auth: "user",
    status: 204,
    params: ProjectParams,
    errors: ["not_found"],
  }),
};

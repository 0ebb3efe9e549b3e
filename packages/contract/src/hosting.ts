import { described, Nullable, ProjectParams, Timestamp, Type, Uuid, taskFields, type Static } from "./schema.ts";
import { route } from "./route.ts";
import { Tier } from "./users.ts";

const tag = "projects";
const Slots = Type.Object({ used: Type.Integer(), limit: Type.Integer() });
/** Null: no limit. */
const FreeSlots = Type.Object({ used: Type.Integer(), limit: Nullable(Type.Integer()) });

export const DeploymentLimits = described(
  "What your plan allows, and how much of it is in use.",
  Type.Object({
    subscription_tier: Tier,
    deploys: described("Always-on projects", FreeSlots),
    running: described("Projects that run at the same time, always-on ones included", Slots),
    deployed: described(
      "Always-on projects, oldest first",
      Type.Array(Type.Object({ id: Uuid, slug: Type.String(), name: Type.String(), deployed_at: Timestamp })),
    ),
  }),
);
export type DeploymentLimits = Static<typeof DeploymentLimits>;

/** An always-on project never sleeps and restarts after a crash or a reboot. */
export const hostingRoutes = {
  limits: route({
    method: "GET",
    path: "/api/projects/deployment-limits",
    tag,
    summary: "Get hosting limits",
    description: "How many projects may run at once and how many may be always on, and how many do.",
    auth: "user",
    response: DeploymentLimits,
  }),
  deploy: route({
    method: "POST",
    path: "/api/projects/{id}/deploy",
    tag,
    summary: "Turn on always-on",
    description:
      "Starts the project and keeps it running: it does not sleep, and restarts after a crash or a reboot. The plan limits how many projects are always on (`deploy_limit_reached`). A branch is 409 `conflict`.",
    auth: "user",
    status: 202,
    params: ProjectParams,
    response: Type.Object({ ...taskFields, project_slug: Type.String(), is_deployed: Type.Literal(true), deployed_at: Timestamp }),
    errors: ["not_found", "no_containers", "project_busy", "deploy_limit_reached", "running_limit_reached", "conflict"],
  }),
  undeploy: route({
    method: "DELETE",
    path: "/api/projects/{id}/deploy",
    tag,
    summary: "Turn off always-on",
    description: "The project keeps running until it is idle or stopped.",
    auth: "user",
    status: 204,
    params: ProjectParams,
    errors: ["not_found"],
  }),
};

import { described, Maybe, ProjectRef, Timestamp, Type, Uuid, listOf, pageQuery, type Static } from "./schema.ts";
import { Deployment, DeployEnvironment, DeployProvider, DeploymentVariables, StartedDeployments } from "./deployments.ts";
import { route } from "./route.ts";

const tag = "deployment-targets";

export const DeploymentTarget = described(
  "A deployment target on the canvas: a provider with its containers.",
  Type.Object({
    id: Uuid,
    project_id: Uuid,
    provider: DeployProvider,
    name: Type.String(),
    environment: DeployEnvironment,
    position_x: Type.Number(),
    position_y: Type.Number(),
    container_ids: Type.Array(Uuid),
    is_connected: Type.Boolean(),
    created_at: Timestamp,
    updated_at: Timestamp,
  }),
);
export type DeploymentTarget = Static<typeof DeploymentTarget>;

const InProject = Type.Object({ project_id: ProjectRef });
const InTarget = Type.Object({ project_id: ProjectRef, target_id: Uuid });
const InAttachment = Type.Object({ project_id: ProjectRef, target_id: Uuid, container_id: Uuid });

export const deploymentTargetsRoutes = {
  list: route({
    method: "GET",
    path: "/api/deployment-targets/{project_id}",
    tag,
    summary: "List deployment targets",
    description: "Deployment targets on the project's canvas.",
    auth: "user",
    params: InProject,
    query: Type.Object(pageQuery),
    response: listOf(DeploymentTarget),
    errors: ["not_found"],
  }),
  create: route({
    method: "POST",
    path: "/api/deployment-targets/{project_id}",
    tag,
    summary: "Create deployment target",
    description: "Adds a deployment target to the canvas.",
    auth: "user",
    status: 201,
    params: InProject,
    body: Type.Object({
      provider: DeployProvider,
      name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
      environment: Type.Optional(DeployEnvironment),
      position_x: Type.Optional(Type.Number()),
      position_y: Type.Optional(Type.Number()),
    }),
    response: DeploymentTarget,
    errors: ["not_found"],
  }),
  update: route({
    method: "PATCH",
    path: "/api/deployment-targets/{project_id}/{target_id}",
    tag,
    summary: "Update deployment target",
    description: "Renames, moves or switches a target between production and preview.",
    auth: "user",
    params: InTarget,
    body: Type.Object({
      name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
      environment: Type.Optional(DeployEnvironment),
      position_x: Type.Optional(Type.Number()),
      position_y: Type.Optional(Type.Number()),
    }),
    response: DeploymentTarget,
    errors: ["not_found"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/deployment-targets/{project_id}/{target_id}",
    tag,
    summary: "Delete deployment target",
    description: "Removes a target from the canvas. Deployments stay live.",
    auth: "user",
    status: 204,
    params: InTarget,
    errors: ["not_found"],
  }),
  attach: route({
    method: "PUT",
    path: "/api/deployment-targets/{project_id}/{target_id}/containers/{container_id}",
    tag,
    summary: "Attach container to deployment target",
    description: "Deploying the target then includes the container. Refused if the provider cannot run it (`target_incompatible`).",
    auth: "user",
    params: InAttachment,
    response: DeploymentTarget,
    errors: ["not_found", "target_incompatible"],
  }),
  detach: route({
    method: "DELETE",
    path: "/api/deployment-targets/{project_id}/{target_id}/containers/{container_id}",
    tag,
    summary: "Detach container from deployment target",
    description: "Removes a container from a target. Its deployments stay live.",
    auth: "user",
    status: 204,
    params: InAttachment,
    errors: ["not_found"],
  }),
  deploy: route({
    method: "POST",
    path: "/api/deployment-targets/{project_id}/{target_id}/deploy",
    tag,
    summary: "Deploy target",
    description: "Deploys every container of a target.",
    auth: "user",
    status: 202,
    params: InTarget,
    body: Type.Object({ env_vars: Maybe(DeploymentVariables) }),
    bodyOptional: true,
    response: StartedDeployments,
    errors: ["not_found", "no_containers", "deployment_credentials_missing", "deployment_running"],
  }),
  history: route({
    method: "GET",
    path: "/api/deployment-targets/{project_id}/{target_id}/history",
    tag,
    summary: "List deployments of target",
    description: "Deployments of a target, newest first.",
    auth: "user",
    params: InTarget,
    query: Type.Object(pageQuery),
    response: listOf(Deployment),
    errors: ["not_found"],
  }),
};

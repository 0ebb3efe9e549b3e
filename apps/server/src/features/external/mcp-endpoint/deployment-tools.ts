import { DeployEnvironment, DeployProvider, ProjectRef, Type, Uuid, type Deployment } from "@tesslate/contract";
import type { Deployments } from "../../delivery/deployments/index.ts";
import { platformTool, type PlatformTool } from "./platform-tool.ts";

export interface DeploymentToolsOptions {
  deployments: Pick<Deployments, "create" | "list" | "get" | "lastLines">;
}

const maxLines = 200;

/** MCP tools for deployments. */
export const deploymentTools = ({ deployments }: DeploymentToolsOptions): PlatformTool[] => [
  platformTool({
    name: "deploy_project",
    title: "Deploy a project",
    description:
      "Builds a container of a project in a fresh sandbox, checks the result and deploys it. Runs in the background: follow it with get_deployment. `local` deploys to this server; other providers need a connected account. A preview has its own URL and does not change the live deployment.",
    scope: "run",
    isReadOnly: false,
    isDestructive: true,
    parameters: Type.Object({
      project_id: ProjectRef,
      provider: DeployProvider,
      container_id: Type.Optional(Uuid),
      environment: Type.Optional(DeployEnvironment),
    }),
    run: async ({ user }, body) => {
      const { task_id, deployment } = await deployments.create(user.id, body);
      return { ...summarize(deployment), task_id };
    },
  }),
  platformTool({
    name: "list_deployments",
    title: "List deployments",
    description: "Lists the deployments of a project, newest first.",
    scope: "run",
    isReadOnly: true,
    parameters: Type.Object({ project_id: ProjectRef, page: Type.Optional(Type.Integer({ minimum: 1 })) }),
    run: async ({ user }, { project_id, page }) => {
      const { items, total } = await deployments.list(user.id, project_id, { limit: 50, page: page ?? 1 });
      return { deployments: items.map(summarize), total };
    },
  }),
  platformTool({
    name: "get_deployment",
    title: "Get a deployment",
    description: "Returns the status of a deployment, the findings of its checks and the last lines of its log.",
    scope: "run",
    isReadOnly: true,
    parameters: Type.Object({
      deployment_id: Uuid,
      lines: Type.Optional(Type.Integer({ minimum: 1, maximum: maxLines, description: "Default 50" })),
    }),
    run: async ({ user }, { deployment_id, lines }) => {
      const found = await deployments.get(user.id, deployment_id);
      return {
        ...summarize(found),
        failure: found.metadata.failure,
        report: found.report && {
          is_blocked: found.report.is_blocked,
          rules: found.report.rules,
          findings: found.report.findings.slice(0, 20),
        },
        lines: await deployments.lastLines(user.id, deployment_id, lines ?? 50),
      };
    },
  }),
];

const summarize = ({ id, provider, environment, version, status, is_live, deployment_url, error, created_at, metadata }: Deployment) => ({
  id,
  container: metadata.container_name,
  provider,
  environment,
  version,
  status,
  is_live,
  url: deployment_url,
  error,
  created_at,
});

import { createExternalApi, mountExternal } from "../features/external/external/index.ts";
import {
  createMcpEndpoint,
  deploymentTools,
  fileTools,
  mountMcpEndpoint,
  projectTools,
  runTools,
} from "../features/external/mcp-endpoint/index.ts";
import { version } from "../version.ts";
import type { Area } from "./area.ts";
import type { ProvisioningArea } from "./provisioning.ts";
import type { ChatArea } from "./chat.ts";
import type { ContainersArea } from "./containers.ts";
import type { DeploymentsArea } from "./deployments.ts";
import type { Platform } from "./platform.ts";
import type { ProjectsArea } from "./projects.ts";
import type { SecretsArea } from "./secrets.ts";
import type { SnapshotsArea } from "./snapshots.ts";
import type { WorkspaceArea } from "./workspace.ts";

/** APIs for external programs: agent runs with an API key, and the MCP endpoint. */
export function composeExternal(
  { config, tasks, limits }: Platform,
  { redactions }: Pick<SecretsArea, "redactions">,
  { projects }: ProjectsArea,
  { containers, lifecycle, inspection }: ContainersArea,
  { files, search }: WorkspaceArea,
  { provisioning }: ProvisioningArea,
  { snapshots }: SnapshotsArea,
  { runs, approvals, webhooks }: ChatArea,
  { deployments }: DeploymentsArea,
): Area {
  const external = createExternalApi({ runs, pendingApproval: approvals.openRequest, webhooks, limits, follow: tasks.follow });
  return {
    mount(mount) {
      mountExternal(mount, { external });
      mountMcpEndpoint(mount, {
        endpoint: createMcpEndpoint({
          tools: [
            ...projectTools({
              projects: { list: projects.list, get: projects.get, require: projects.require, create: provisioning.create },
              containers,
              lifecycle,
              inspection,
              snapshots,
            }),
            ...fileTools({ projects, files, search, redactions }),
            ...runTools({ external, runs }),
            ...deploymentTools({ deployments }),
          ],
          limits,
          version,
        }),
        appBaseUrl: config.http.appBaseUrl,
      });
    },
  };
}

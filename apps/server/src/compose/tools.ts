import { repoMapTools, type FeatureTools } from "../features/agent/runs/index.ts";
import { createDatabaseTools } from "../features/agent/databases/index.ts";
import { createGraphTools } from "../features/agent/graph/index.ts";
import {
  createMcp,
  createMcpConnector,
  createMcpOauth,
  createMcpTools,
  createTestMcpConnection,
  mountMcp,
} from "../features/agent/mcp/index.ts";
import {
  createChecks,
  createEvidence,
  createEvidenceStore,
  createPictureTaker,
  createVerification,
  mountEvidence,
  type FindBrowsers,
  type PictureTaker,
} from "../features/agent/verify/index.ts";
import { createWebTools } from "../features/agent/web/index.ts";
import { createOutbound } from "../platform/outbound.ts";
import { version } from "../version.ts";
import type { Area } from "./area.ts";
import type { ContainersArea } from "./containers.ts";
import type { Platform } from "./platform.ts";
import type { PreviewsArea } from "./previews.ts";
import type { ProjectsArea } from "./projects.ts";
import type { SecretsArea } from "./secrets.ts";
import type { StoreListings } from "./store-listings.ts";
import type { WorkspaceArea } from "./workspace.ts";

/** Tools that features provide to runs beside the built-in ones. */
export interface ToolsArea extends Area {
  /** In the order in which a run has their tools. */
  featureTools: readonly FeatureTools[];
  /** Headless browsers, or the reason why there are none. */
  browsers: FindBrowsers;
  /** Takes the pictures of projects' apps. */
  pictureTaker: PictureTaker;
}

export async function composeTools(
  { config, log, onClose, dataDir, db, limits, ca, outbound, address, preparation }: Platform,
  { mcpStore, mcpVault, redactions }: Pick<SecretsArea, "mcpStore" | "mcpVault" | "redactions">,
  { projects, projectsStore, pictures }: ProjectsArea,
  { containers, containerSetup, lifecycle, connections, databases, idle }: ContainersArea,
  { previews, previewSite, visitors }: PreviewsArea,
  { shell }: WorkspaceArea,
  { itemPictures }: Pick<StoreListings, "itemPictures">,
): Promise<ToolsArea> {
  const secretsChanged = async ({ user_id, project_id }: { user_id: string; project_id: string | null }) => {
    const affected =
      project_id === null
        ? await mcpStore.projectsOf(user_id)
        : [project_id, ...(await projectsStore.listBranches(project_id)).map(({ id }) => id)];
    for (const id of affected) await redactions.changed(id);
  };
  const signIns = createMcpOauth({
    store: mcpStore,
    vault: mcpVault,
    outbound,
    redirectUrl: `${config.http.appBaseUrl}/api/mcp/oauth/callback`,
    tokensChanged: secretsChanged,
    log,
  });
  const mcp = createMcp({ store: mcpStore, vault: mcpVault, projects, checkUrl: outbound.check, secretsChanged, log });
  const connector = createMcpConnector({ vault: mcpVault, signIns, outbound, limits: config.mcp, version });
  const testConnection = createTestMcpConnection({
    store: mcpStore,
    mcp,
    connector,
    projects: { require: projects.require, sandboxOf: projects.sandboxOf, keepAwake: idle.keepAwake },
    limits,
  });
  const mcpTools = createMcpTools({ store: mcpStore, connector, redactions });

  // Requests of a model may reach the hosts that the operator allows, but not the operator's model servers.
  const webOutbound = createOutbound({ allowHosts: config.outbound.allowHosts, ...(ca && { ca }) });
  onClose(() => webOutbound.close());
  const web = createWebTools({ outbound: webOutbound, searchOutbound: outbound, search: config.web.search });

  const evidenceStore = createEvidenceStore(db);
  const evidence = createEvidence({ store: evidenceStore, redactions });
  const checks = createChecks({ evidence, store: evidenceStore, listContainers: containers.listAll });
  const visitedPreviews = { site: previewSite, address, passFor: visitors.passFor };
  const verification = await createVerification({
    config: config.verify,
    dataDir,
    preparation,
    evidence,
    previews: visitedPreviews,
    listContainers: containers.listAll,
    log,
  });
  const pictureTaker = createPictureTaker({
    browsers: verification.browsers,
    previews: visitedPreviews,
    transaction: projectsStore.transaction,
    projects,
    listContainers: containers.listAll,
    replace: async (projectId, taken) => {
      await pictures.replace(projectId, taken);
      await itemPictures.adopt(projectId, taken);
    },
    log,
  });
  onClose(() => verification.close());

  const graph = createGraphTools({
    projects,
    containers: { ...containers, create: containerSetup.create },
    lifecycle,
    connections,
    previews,
    shell,
  });

  return {
    featureTools: [mcpTools, web, checks, verification, graph, createDatabaseTools({ databases }), repoMapTools],
    browsers: verification.browsers,
    pictureTaker,
    jobs: pictureTaker.jobHandlers,
    mount(mount) {
      mountMcp(mount, { mcp, testConnection, signIns, isSecure: config.auth.cookie.secure });
      mountEvidence(mount, { evidence });
    },
  };
}

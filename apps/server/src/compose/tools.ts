import { allTools } from "@tesslate/agent";
import { createToolCatalogue, mountAgents, type ToolSummary } from "../features/agent/agents/index.ts";
import { provideRepoMap, type ToolProvider } from "../features/agent/runs/index.ts";
import { createGraphTools } from "../features/agent/graph/index.ts";
import { createMcp, createMcpOauth, createMcpTools, mountMcp } from "../features/agent/mcp/index.ts";
import {
  createChecks,
  createEvidence,
  createEvidenceStore,
  createVerification,
  mountEvidence,
  runChecksSummary,
  type Browsers,
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
import type { WorkspaceArea } from "./workspace.ts";

/** Tools that features provide to runs beside the built-in ones. */
export interface ToolsArea extends Area {
  /** In the order in which a run has their tools. */
  toolProviders: ToolProvider[];
  /** Their tools, for the agent editor. */
  listedTools: ToolSummary[];
  /** Headless browsers, or the reason why there are none. */
  browsers: Browsers | { missing: string };
}

export async function composeTools(
  { config, log, onClose, dataDir, db, limits, ca, outbound, address }: Platform,
  { mcpStore, mcpVault, redactions }: Pick<SecretsArea, "mcpStore" | "mcpVault" | "redactions">,
  { projects }: ProjectsArea,
  { containers, containerSetup: creation, lifecycle, connections, idle }: ContainersArea,
  { previews, previewSite, visitors }: PreviewsArea,
  { shell }: WorkspaceArea,
): Promise<ToolsArea> {
  const toolProviders: ToolProvider[] = [];
  const listedTools: ToolSummary[] = [];

  const secretsChanged = async ({ user_id, project_id }: { user_id: string; project_id: string | null }) => {
    for (const id of project_id === null ? await mcpStore.projectsOf(user_id) : [project_id]) await redactions.changed(id);
  };
  const signIns = createMcpOauth({
    store: mcpStore,
    vault: mcpVault,
    outbound,
    redirectUrl: `${config.http.appBaseUrl}/api/mcp/oauth/callback`,
    tokensChanged: secretsChanged,
    log,
  });
  const mcpShared = { store: mcpStore, vault: mcpVault, signIns, outbound, mcp: config.mcp, version };
  const mcp = createMcp({ ...mcpShared, projects, keepAwake: idle.keepAwake, secretsChanged, limits, log });
  toolProviders.push(createMcpTools({ ...mcpShared, redactions }));

  // Requests of a model may reach the hosts that the operator allows, but not the operator's model servers.
  const webOutbound = createOutbound({ allowHosts: config.outbound.allowHosts, ...(ca && { ca }) });
  onClose(() => webOutbound.close());
  const web = createWebTools({ outbound: webOutbound, searchOutbound: outbound, search: config.web.search });
  toolProviders.push(web.provideTools);
  listedTools.push(...web.tools);

  const evidenceStore = createEvidenceStore(db);
  const evidence = createEvidence({ store: evidenceStore, redactions });
  toolProviders.push(createChecks({ evidence, store: evidenceStore, listContainers: containers.listAll }));
  listedTools.push(runChecksSummary);
  const verification = await createVerification({
    config: config.verify,
    dataDir,
    evidence,
    site: previewSite,
    address,
    listContainers: containers.listAll,
    passFor: visitors.passFor,
    log,
  });
  onClose(() => verification.close());
  toolProviders.push(verification.provideTools);
  listedTools.push(...verification.tools);

  const graph = createGraphTools({ projects, containers, creation, lifecycle, connections, previews, shell });
  toolProviders.push(graph.provideTools);
  listedTools.push(...graph.tools);
  toolProviders.push(provideRepoMap);

  return {
    toolProviders,
    listedTools,
    browsers: verification.browsers,
    mount(mount) {
      mountMcp(mount, { mcp, signIns, isSecure: config.auth.cookie.secure });
      mountEvidence(mount, { evidence });
      mountAgents(mount, { catalogue: createToolCatalogue([...allTools, ...listedTools]) });
    },
  };
}

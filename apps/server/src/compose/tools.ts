import { allTools } from "@tesslate/agent";
import { createToolCatalogue, mountAgents, type ToolFacts } from "../features/agent/agents/index.ts";
import { lendRepoMap, type RunToolSource } from "../features/agent/runs/index.ts";
import { createGraphLending } from "../features/agent/graph/index.ts";
import { createMcp, createMcpLending, createMcpSignIns, mountMcp } from "../features/agent/mcp/index.ts";
import {
  createChecks,
  createEvidence,
  createEvidenceStore,
  createVerification,
  mountEvidence,
  runChecksFacts,
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
import type { Secrecy } from "./secrets.ts";
import type { WorkspaceArea } from "./workspace.ts";

/** What the server lends to the agent's runs beside the agent's own tools. */
export interface ToolsArea extends Area {
  /** Whoever lends tools adds itself here; a run has them in this order. */
  toolSources: RunToolSource[];
  /** What they lend, for the agent editor. */
  lendable: ToolFacts[];
  /** The platform's headless ones, for whoever opens pages; why there are none. */
  browsers: Browsers | { missing: string };
}

export async function composeTools(
  { config, log, onClose, dataDir, db, limits, ca, outbound, address }: Platform,
  { mcpStore, mcpVault, redactions }: Pick<Secrecy, "mcpStore" | "mcpVault" | "redactions">,
  { projects }: ProjectsArea,
  { containers, creation, power, connections, idle }: ContainersArea,
  { previews, previewSite, visitors }: PreviewsArea,
  { shell }: WorkspaceArea,
): Promise<ToolsArea> {
  const toolSources: RunToolSource[] = [];
  const lendable: ToolFacts[] = [];

  const hiddenChanged = async ({ user_id, project_id }: { user_id: string; project_id: string | null }) => {
    for (const id of project_id === null ? await mcpStore.projectsOf(user_id) : [project_id]) await redactions.changed(id);
  };
  const signIns = createMcpSignIns({
    store: mcpStore,
    vault: mcpVault,
    outbound,
    redirectUrl: `${config.http.appBaseUrl}/api/mcp/oauth/callback`,
    tokensChanged: hiddenChanged,
    log,
  });
  const mcpShared = { store: mcpStore, vault: mcpVault, signIns, outbound, mcp: config.mcp, version };
  const mcp = createMcp({ ...mcpShared, projects, keepAwake: idle.keepAwake, hiddenChanged, limits, log });
  toolSources.push(createMcpLending({ ...mcpShared, redactions }));

  // What a model asks for reaches what the operator named for that, not the operator's model servers.
  const webOutbound = createOutbound({ allowHosts: config.outbound.allowHosts, ...(ca && { ca }) });
  onClose(() => webOutbound.close());
  const web = createWebTools({ outbound: webOutbound, searchOutbound: outbound, search: config.web.search });
  toolSources.push(web.source);
  lendable.push(...web.tools);

  const evidenceStore = createEvidenceStore(db);
  const evidence = createEvidence({ store: evidenceStore, redactions });
  toolSources.push(createChecks({ evidence, store: evidenceStore, listContainers: containers.listAll }));
  lendable.push(runChecksFacts);
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
  toolSources.push(verification.source);
  lendable.push(...verification.tools);

  const graph = createGraphLending({ projects, containers, creation, power, connections, previews, shell });
  toolSources.push(graph.source);
  lendable.push(...graph.tools);
  toolSources.push(lendRepoMap);

  return {
    toolSources,
    lendable,
    browsers: verification.browsers,
    mount(mount) {
      mountMcp(mount, { mcp, signIns, isSecure: config.auth.cookie.secure });
      mountEvidence(mount, { evidence });
      mountAgents(mount, { catalogue: createToolCatalogue([...allTools, ...lendable]) });
    },
  };
}

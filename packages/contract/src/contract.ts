import { agentDraftsRoutes } from "./agent-drafts.ts";
import { accountRoutes } from "./account.ts";
import { activityRoutes } from "./activity.ts";
import { adminAuditRoutes } from "./admin.ts";
import { adminAgentsRoutes } from "./admin-agents.ts";
import { adminMarketplaceRoutes } from "./admin-marketplace.ts";
import { adminHealthRoutes } from "./admin-health.ts";
import { adminMetricsRoutes } from "./admin-metrics.ts";
import { adminUsersRoutes } from "./admin-users.ts";
import { adminProjectsRoutes } from "./admin-projects.ts";
import { adminSetupRoutes } from "./admin-setup.ts";
import { adminDeploymentsRoutes, adminRunsRoutes } from "./admin-runs.ts";
import { adminSandboxesRoutes } from "./admin-sandboxes.ts";
import { adminServersRoutes } from "./admin-servers.ts";
import { adminWorkRoutes } from "./admin-work.ts";
import { agentContextRoutes } from "./agent-context.ts";
import { agentsRoutes } from "./agents.ts";
import { assetsRoutes } from "./assets.ts";
import { attachmentsRoutes } from "./attachments.ts";
import { authRoutes, podAccessRoutes } from "./auth.ts";
import { billingRoutes } from "./billing.ts";
import { branchesRoutes } from "./branches.ts";
import { cassettesRoutes } from "./cassettes.ts";
import { changesRoutes } from "./changes.ts";
import { chatRoutes } from "./chat.ts";
import { connectionsRoutes } from "./connections.ts";
import { containersRoutes } from "./containers.ts";
import { adminPayoutsRoutes, creatorsRoutes, creatorStudioRoutes } from "./creators.ts";
import { databasesRoutes } from "./databases.ts";
import { externalRoutes } from "./external.ts";
import { deploymentCredentialsRoutes, deploymentOauthRoutes } from "./deployment-credentials.ts";
import { deploymentTargetsRoutes } from "./deployment-targets.ts";
import { deploymentsRoutes } from "./deployments.ts";
import { domainsRoutes } from "./domains.ts";
import { elementEditsRoutes } from "./element-edits.ts";
import { evidenceRoutes } from "./evidence.ts";
import { feedbackRoutes } from "./feedback.ts";
import { filesRoutes } from "./files.ts";
import { gitRoutes } from "./git.ts";
import { gitProvidersRoutes } from "./git-providers.ts";
import { hostingRoutes } from "./hosting.ts";
import { kanbanRoutes } from "./kanban.ts";
import { libraryRoutes } from "./library.ts";
import { linkedAccountsRoutes } from "./linked-accounts.ts";
import { marketplaceAgentsRoutes } from "./marketplace-agents.ts";
import { marketplaceBasesRoutes } from "./marketplace-bases.ts";
import { adminCollectionsRoutes, marketplaceCollectionsRoutes } from "./marketplace-collections.ts";
import { marketplaceItemsRoutes } from "./marketplace-items.ts";
import { marketplacePicturesRoutes } from "./marketplace-pictures.ts";
import { marketplaceThemesRoutes } from "./marketplace-themes.ts";
import { recordedRunsRoutes } from "./recorded-runs.ts";
import { mcpRoutes } from "./mcp.ts";
import { mcpEndpointRoutes } from "./mcp-endpoint.ts";
import { modelKeysRoutes } from "./model-keys.ts";
import { modelsRoutes } from "./models.ts";
import { notesRoutes } from "./notes.ts";
import { presenceRoutes } from "./presence.ts";
import { outboxRoutes } from "./outbox.ts";
import { passkeysRoutes } from "./passkeys.ts";
import { plansRoutes } from "./plans.ts";
import { adminPreparationRoutes, preparationRoutes } from "./preparation.ts";
import { purchasesRoutes } from "./purchases.ts";
import { adminRevenueRoutes } from "./revenue.ts";
import { previewsRoutes } from "./previews.ts";
import { projectDraftsRoutes } from "./project-drafts.ts";
import { projectsRoutes } from "./projects.ts";
import { queueRoutes } from "./queue.ts";
import { secondFactorRoutes } from "./second-factor.ts";
import { referralsRoutes } from "./referrals.ts";
import { searchRoutes } from "./search.ts";
import { secretsRoutes } from "./secrets.ts";
import { shellRoutes } from "./shell.ts";
import { snapshotsRoutes } from "./snapshots.ts";
import { systemRoutes } from "./system.ts";
import { tasksRoutes } from "./tasks.ts";
import { themesRoutes } from "./themes.ts";
import { transferRoutes } from "./transfer.ts";
import { usersRoutes } from "./users.ts";

/** Every route of the API, grouped by noun. `<group>.<name>` is the operationId, the client call and the log field. */
export const contract = {
  system: systemRoutes,
  preparation: preparationRoutes,
  auth: authRoutes,
  secondFactor: secondFactorRoutes,
  passkeys: passkeysRoutes,
  linkedAccounts: linkedAccountsRoutes,
  podAccess: podAccessRoutes,
  users: usersRoutes,
  search: searchRoutes,
  account: accountRoutes,
  creators: creatorsRoutes,
  billing: billingRoutes,
  purchases: purchasesRoutes,
  adminUsers: adminUsersRoutes,
  projects: projectsRoutes,
  projectDrafts: projectDraftsRoutes,
  transfer: transferRoutes,
  containers: containersRoutes,
  connections: connectionsRoutes,
  databases: databasesRoutes,
  git: gitRoutes,
  gitProviders: gitProvidersRoutes,
  deploymentCredentials: deploymentCredentialsRoutes,
  deploymentOauth: deploymentOauthRoutes,
  hosting: hostingRoutes,
  deployments: deploymentsRoutes,
  domains: domainsRoutes,
  deploymentTargets: deploymentTargetsRoutes,
  files: filesRoutes,
  assets: assetsRoutes,
  elementEdits: elementEditsRoutes,
  previews: previewsRoutes,
  evidence: evidenceRoutes,
  attachments: attachmentsRoutes,
  chat: chatRoutes,
  agentContext: agentContextRoutes,
  agents: agentsRoutes,
  marketplaceAgents: marketplaceAgentsRoutes,
  agentDrafts: agentDraftsRoutes,
  marketplaceBases: marketplaceBasesRoutes,
  marketplaceItems: marketplaceItemsRoutes,
  marketplaceThemes: marketplaceThemesRoutes,
  marketplaceCollections: marketplaceCollectionsRoutes,
  marketplacePictures: marketplacePicturesRoutes,
  recordedRuns: recordedRunsRoutes,
  library: libraryRoutes,
  cassettes: cassettesRoutes,
  changes: changesRoutes,
  branches: branchesRoutes,
  external: externalRoutes,
  mcp: mcpRoutes,
  mcpEndpoint: mcpEndpointRoutes,
  plans: plansRoutes,
  queue: queueRoutes,
  models: modelsRoutes,
  modelKeys: modelKeysRoutes,
  secrets: secretsRoutes,
  shell: shellRoutes,
  snapshots: snapshotsRoutes,
  kanban: kanbanRoutes,
  notes: notesRoutes,
  presence: presenceRoutes,
  outbox: outboxRoutes,
  feedback: feedbackRoutes,
  referrals: referralsRoutes,
  creatorStudio: creatorStudioRoutes,
  tasks: tasksRoutes,
  activity: activityRoutes,
  adminAudit: adminAuditRoutes,
  adminMarketplace: adminMarketplaceRoutes,
  adminCollections: adminCollectionsRoutes,
  themes: themesRoutes,
  adminMetrics: adminMetricsRoutes,
  adminProjects: adminProjectsRoutes,
  adminRuns: adminRunsRoutes,
  adminSetup: adminSetupRoutes,
  adminDeployments: adminDeploymentsRoutes,
  adminAgents: adminAgentsRoutes,
  adminSandboxes: adminSandboxesRoutes,
  adminServers: adminServersRoutes,
  adminWork: adminWorkRoutes,
  adminHealth: adminHealthRoutes,
  adminPreparation: adminPreparationRoutes,
  adminRevenue: adminRevenueRoutes,
  adminPayouts: adminPayoutsRoutes,
};
export type Contract = typeof contract;

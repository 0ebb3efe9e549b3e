import { join } from "node:path";
import {
  createActivation,
  createBeginning,
  createArtefacts,
  createBundles,
  createCanvasTargets,
  createCanvasTargetsStore,
  createCleanRooms,
  createDeploying,
  createDeploymentLogs,
  createDeployments,
  createDeploymentsStore,
  createJudging,
  createLiveSites,
  createPipeline,
  createPrograms,
  createPromotions,
  createRequestVault,
  createRollbacks,
  createSwitching,
  mountDeployments,
  sweepDeployments,
  type Activation,
  type Deployments,
  type FindTarget,
} from "../features/delivery/deployments/index.ts";
import { createLaunchGate, createLaunchSettings } from "../features/delivery/launch/index.ts";
import { startCommandOf } from "../features/source/transfer/index.ts";
import type { PreviewSite } from "../http/server.ts";
import type { Area } from "./area.ts";
import type { ArrivalsArea } from "./provisioning.ts";
import type { ContainersArea } from "./containers.ts";
import type { DeployAccountsArea } from "./deploy-accounts.ts";
import type { Platform } from "./platform.ts";
import type { PreviewsArea } from "./previews.ts";
import type { ProjectsArea } from "./projects.ts";
import type { Secrecy } from "./secrecy.ts";
import type { ToolsArea } from "./tools.ts";

/** What goes out: versions of containers, at providers and on this server. */
export interface DeploymentsArea extends Area {
  deployments: Deployments;
  /** Every host beside the app: deployed sites, and the previews. */
  otherSites: PreviewSite;
  /** What a person deployed here: stopped when they may not act any more, started when they may again. */
  deployed: Pick<Activation, "rest" | "resume">;
  /** What was under way, or live, when the server ended is taken up again. */
  reconcile(): Promise<void>;
}

export function composeDeployments(
  { config, log, onClose, dataDir, db, box, bus, isShared, events, runtime, tasks, address }: Platform,
  { environmentVault, secretVault, redactions }: Secrecy,
  { projects, templates }: ProjectsArea,
  { wiring }: ContainersArea,
  { previewSite }: PreviewsArea,
  { diskBytesOf }: ArrivalsArea,
  { browsers }: ToolsArea,
  { targets, credentialFor, hasCredential }: DeployAccountsArea,
): DeploymentsArea {
  const findTarget: FindTarget = (provider) => (provider === "local" ? undefined : targets[provider]);
  const store = createDeploymentsStore(db);
  const vault = createRequestVault({ box });
  const logs = createDeploymentLogs({ store, bus, isShared, log });
  const artefacts = createArtefacts({ dir: join(dataDir, "deployments") });
  const rooms = createCleanRooms({ runtime });
  const programs = createPrograms({ runtime, log });
  onClose(async () => programs.close());
  const sites = createLiveSites({
    store,
    artefacts,
    programs,
    bus,
    address,
    appOrigin: new URL(config.http.appBaseUrl).origin,
    trustProxy: config.http.trustProxy,
    log,
  });
  onClose(async () => sites.close());
  const activation = createActivation({ store, vault, rooms, artefacts, programs, sites, address, log });
  const choices = createLaunchSettings({ projects });
  const judging = createJudging({ store, rooms, artefacts, gate: createLaunchGate({ browsers, log }), choices });
  const pipeline = createPipeline({
    store,
    vault,
    logs,
    rooms,
    artefacts,
    activation,
    projects,
    startCommandOf,
    templates,
    runtime,
    findTarget,
    credentialFor,
    judging,
    redactions,
    events,
    diskBytesOf,
    log,
  });
  const deploying = createDeploying({ db, store, logs, events, pipeline, activation, tasks, log });
  const beginning = createBeginning({
    store,
    vault,
    deploying,
    projects,
    secrets: secretVault,
    environments: environmentVault,
    wiring,
    startCommandOf,
    hasCredential,
    events,
    address,
  });
  const switching = createSwitching({ store, logs, beginning, deploying, projects, redactions, events, tasks });
  const rollbacks = createRollbacks({
    store,
    vault,
    artefacts,
    activation,
    beginning,
    pipeline,
    switching,
    findTarget,
    credentialFor,
    events,
    log,
  });
  const promotions = createPromotions({ store, vault, activation, beginning, judging, switching, findTarget, credentialFor });
  const deployments = createDeployments({
    store,
    logs,
    activation,
    pipeline,
    beginning,
    rollbacks,
    promotions,
    switching,
    bundles: createBundles({ artefacts }),
    sites,
    projects,
    redactions,
    findTarget,
    credentialFor,
    events,
    tasks,
    bus,
    log,
  });
  const canvasTargets = createCanvasTargets({
    store: createCanvasTargetsStore(db),
    beginning,
    deploymentsStore: store,
    projects,
    events,
  });
  projects.onRelease(async ({ project_id, container_id, reason }) => {
    if (reason !== "deleted") return;
    await deployments.release(project_id, container_id);
    if (container_id === undefined) await artefacts.removeProject(project_id);
  });

  return {
    deployments,
    deployed: activation,
    otherSites: {
      request: (request, response) => (sites.handles(request.headers.host) ? sites : previewSite).request(request, response),
      upgrade: (request, socket, head) => (sites.handles(request.headers.host) ? sites : previewSite).upgrade(request, socket, head),
    },
    reconcile: async () => {
      await sweepDeployments({ store, artefacts, rooms, runtime, isShared, log });
      await activation.resume();
      await deploying.reconcile();
    },
    mount(mount) {
      mountDeployments(mount, { deployments, targets: canvasTargets, choices });
    },
  };
}

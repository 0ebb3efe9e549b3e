import type { Logger } from "../../../../platform/logger.ts";
import type { Tasks } from "../../../core/tasks/index.ts";
import type { Projects, TemplateImages, Templates } from "../../../projects/projects/index.ts";
import type { LaunchGate, LaunchSettingsService } from "../../launch/index.ts";
import type { BuildSandboxes } from "../build/build-sandbox.ts";
import type { DeploymentRecords } from "../deployment-records.ts";
import type { ProviderAccess } from "../providers/provider.ts";
import { createBuildArtifact, createOpenBuildSandbox } from "./build-step.ts";
import { createCheckBuild } from "./check-step.ts";
import { createDeploymentTasks } from "./deployment-task.ts";
import { createCheckLaunch } from "./launch-gate.ts";
import { createPublishLocally } from "./local-publishing.ts";
import type { LocalReleases } from "./local-releases.ts";
import { createPipeline } from "./pipeline.ts";
import { createProviderPublishing } from "./provider-publishing.ts";
import { createDeploymentRetention } from "./retention.ts";

/** What builds need of the project. */
interface BuildSources {
  projects: Projects;
  templates: Templates;
  templateImages: Pick<TemplateImages, "prepare">;
  /** The disk quota of a user. */
  diskBytesOf: (userId: string) => Promise<number>;
  buildSandboxes: BuildSandboxes;
}

export type DeploymentRuns = ReturnType<typeof createDeploymentRuns>;
/** Builds, checks and publishes deployments, in tasks, and removes what is no longer kept of them. */
export function createDeploymentRuns({
  records: { store, reporter, artifacts },
  local: { servers, siteCache, hosts, versions },
  sources: { projects, templates, templateImages, diskBytesOf, buildSandboxes },
  launch: { gate, settings: launchSettings },
  providers,
  onLive,
  platform: { tasks, log },
}: {
  records: DeploymentRecords;
  local: LocalReleases;
  sources: BuildSources;
  launch: { gate: LaunchGate; settings: LaunchSettingsService };
  providers: ProviderAccess;
  /** Called after a deployment went live. Must not throw. */
  onLive: (projectId: string) => Promise<void>;
  platform: { tasks: Tasks; log: Logger };
}) {
  const retention = createDeploymentRetention({ store, buildSandboxes, artifacts, servers, sites: siteCache, log });
  const checkLaunch = createCheckLaunch({ store, buildSandboxes, artifacts, gate, launchSettings });
  const openBuildSandbox = createOpenBuildSandbox({ buildSandboxes, templates, templateImages, diskBytesOf });
  const pipeline = createPipeline({
    store,
    projects,
    reporter,
    retention,
    steps: {
      buildArtifact: createBuildArtifact({ store, projects, openBuildSandbox, artifacts }),
      checkBuild: createCheckBuild({ localVersions: versions, checkLaunch }),
      publishLocally: createPublishLocally({ store, localVersions: versions, hosts }),
      ...createProviderPublishing({ store, artifacts, providers, log }),
      removeBuildSandbox: buildSandboxes.remove,
    },
    log,
  });
  return {
    pipeline,
    retention,
    checkLaunch,
    deploymentTasks: createDeploymentTasks({ store, pipeline, retention, reporter, onLive, tasks, log }),
  };
}

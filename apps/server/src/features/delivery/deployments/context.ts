import type { DeploymentStatus } from "@tesslate/contract";
import type { Tree } from "@tesslate/runtime";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { Redactions } from "../../projects/secrets/index.ts";
import type { PreviewAddress } from "../../runtime/containers/index.ts";
import type { ArtifactStore } from "./build/artifacts.ts";
import type { BuildSandboxes } from "./build/build-sandbox.ts";
import type { DeploymentLogs } from "./deployment-log.ts";
import type { RequestVault } from "./deployment-request.ts";
import type { DeploymentsStore } from "./deployments.store.ts";
import type { FindProvider, GetCredential, HasCredential } from "./providers/provider.ts";

/** Shared by the modules of this feature; each takes what it needs. */
export interface DeploymentContext {
  store: DeploymentsStore;
  vault: RequestVault;
  logs: DeploymentLogs;
  artifacts: ArtifactStore;
  buildSandboxes: BuildSandboxes;
  projects: Pick<Projects, "require" | "find" | "sandboxOf" | "lifetime">;
  redactions: Redactions;
  events: EventLog;
  findProvider: FindProvider;
  getCredential: GetCredential;
  hasCredential: HasCredential;
  /** The command a container runs during development; null when none is known. */
  startCommandOf: (tree: Tree, container: Pick<ContainerRow, "directory" | "start_command">) => Promise<string[] | null>;
  address: PreviewAddress;
  log: Logger;
}

/** Emits `deployment_changed` on the project's stream. `step`: the title of the step a running deployment has reached. */
export const emitDeploymentChanged = async (
  { events }: Pick<DeploymentContext, "events">,
  row: { id: string; project_id: string; status: DeploymentStatus },
  { op = "update", step }: { op?: "add" | "update" | "delete"; step?: string | undefined } = {},
): Promise<void> => {
  await events.append(row.project_id, {
    type: "deployment_changed",
    data: { id: row.id, op, status: row.status, ...(step !== undefined && { step }) },
  });
};

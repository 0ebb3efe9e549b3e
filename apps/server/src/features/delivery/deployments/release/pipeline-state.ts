import type { DeploymentStep } from "@tesslate/contract";
import type { DeploymentRow, ServerCommand } from "../../../../db/schema/delivery.ts";
import type { ProjectRow } from "../../../../db/schema/projects.ts";
import type { DeploymentLog } from "../deployment-log.ts";
import type { StoredRequest } from "../deployment-request.ts";
import type { Artifact } from "../providers/provider.ts";

/** The artifact to upload and the facts for the launch gate. */
export interface BuildOutput {
  artifact: Artifact;
  warnings: string[];
  /** Of a server; undefined for static files. */
  serverCommand: ServerCommand | undefined;
}
/** A running deployment. `row` is replaced as it changes. */
export interface PipelineState {
  row: DeploymentRow;
  project: ProjectRow;
  request: StoredRequest;
  log: DeploymentLog;
  signal: AbortSignal;
  step(step: DeploymentStep): Promise<void>;
}

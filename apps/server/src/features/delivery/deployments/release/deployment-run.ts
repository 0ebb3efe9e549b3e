import { deploymentSteps, type DeploymentStatus, type DeploymentStep } from "@tesslate/contract";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import type { ProjectRow } from "../../../../db/schema/projects.ts";
import type { DeploymentLog } from "../deployment-log.ts";
import type { DeploymentReporter } from "../deployment-reporter.ts";
import type { StoredRequest } from "../deployment-request.ts";
import type { DeploymentsStore } from "../deployments.store.ts";

const steps: Record<DeploymentStep, { percent: number; status: DeploymentStatus }> = {
  prepare: { percent: 5, status: "building" },
  install: { percent: 15, status: "building" },
  build: { percent: 35, status: "building" },
  collect: { percent: 60, status: "building" },
  smoke: { percent: 68, status: "building" },
  gate: { percent: 72, status: "building" },
  upload: { percent: 82, status: "deploying" },
  provider: { percent: 90, status: "deploying" },
};

/** The task that runs a deployment. */
export interface PipelineTask {
  signal: AbortSignal;
  progress(percent: number, message: string): Promise<void>;
}

/** What every step of the pipeline works on. */
export interface DeploymentRun {
  /** As stored by the latest `update`. */
  readonly row: DeploymentRow;
  project: ProjectRow;
  request: StoredRequest;
  /** Without secrets. */
  log: DeploymentLog;
  /** Hides the same secrets in other texts. */
  redact(text: string): string;
  signal: AbortSignal;
  /** The latest step. */
  readonly at: DeploymentStep;
  /** Stores values of the row. */
  update(values: Partial<DeploymentRow>): Promise<DeploymentRow>;
  /** Stores and reports the start of a step. Throws when the run was aborted. */
  step(step: DeploymentStep): Promise<void>;
}

export async function openDeploymentRun(
  { store, reporter }: { store: Pick<DeploymentsStore, "update">; reporter: DeploymentReporter },
  stored: DeploymentRow,
  project: ProjectRow,
  { signal, progress }: PipelineTask,
): Promise<DeploymentRun> {
  const { request, log, redact } = await reporter.openRun(stored);
  let row = stored;
  let at: DeploymentStep = "prepare";
  const update = async (values: Partial<DeploymentRow>) => (row = (await store.update(row.id, values)) ?? row);
  return {
    get row() {
      return row;
    },
    get at() {
      return at;
    },
    project,
    request,
    log,
    redact,
    signal,
    update,
    step: async (next) => {
      signal.throwIfAborted();
      at = next;
      const { percent, status } = steps[next];
      await progress(percent, `${deploymentSteps[next]}: ${row.container_name}`);
      if (row.status !== status) await update({ status });
      // Also in the log, for later readers.
      log.step(next);
      await reporter.announce(row, { step: next });
      await reporter.notify(row.id);
    },
  };
}

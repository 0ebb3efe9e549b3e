import type { DeploymentStep } from "@tesslate/contract";
import { RuntimeError } from "@tesslate/runtime";
import { AppError } from "../../../../platform/errors.ts";
import type { Logger } from "../../../../platform/logger.ts";
import type { Projects } from "../../../projects/projects/index.ts";
import { StepError } from "../build/build-errors.ts";
import type { DeploymentReporter } from "../deployment-reporter.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import { containerRemoved } from "../deployment-rules.ts";
import { ProviderError } from "../providers/client.ts";
import type { BuildSandboxes } from "../build/build-sandbox.ts";
import type { BuildArtifact } from "./build-step.ts";
import type { CheckBuild } from "./check-step.ts";
import { openDeploymentRun, type DeploymentRun, type PipelineTask } from "./deployment-run.ts";
import type { PublishLocally } from "./local-publishing.ts";
import type { ProviderPublishing } from "./provider-publishing.ts";
import type { DeploymentRetention } from "./retention.ts";

/** What a pipeline does, one after another. Each continues where an earlier run stopped. */
interface PipelineSteps {
  buildArtifact: BuildArtifact;
  checkBuild: CheckBuild;
  publishLocally: PublishLocally;
  publishAtProvider: ProviderPublishing["publishAtProvider"];
  /** After a failure. */
  removeUnfinished: ProviderPublishing["removeUnfinished"];
  removeBuildSandbox: BuildSandboxes["remove"];
}

export type Pipeline = ReturnType<typeof createPipeline>;
/** Builds, checks and releases a deployment. Every step is stored, so that a restarted server resumes where it was. */
export function createPipeline({
  store,
  projects,
  reporter,
  retention,
  steps: { buildArtifact, checkBuild, publishLocally, publishAtProvider, removeUnfinished, removeBuildSandbox },
  log,
}: {
  store: DeploymentsStore;
  projects: Pick<Projects, "find">;
  reporter: DeploymentReporter;
  retention: Pick<DeploymentRetention, "prune" | "discard">;
  steps: PipelineSteps;
  log: Logger;
}) {
  const running = new Map<string, AbortController>();
  /** Build, check, publish. Continues where an earlier run stopped. */
  const runSteps = async (run: DeploymentRun): Promise<DeploymentRow | undefined> => {
    const isSent = run.row.remote_id !== null;
    if (!isSent && !run.row.has_artifact) await checkBuild(run, await buildArtifact(run));
    else
      run.log.line(
        isSent ? "The server restarted. Still waiting for the provider." : "The server restarted. Continuing with the finished build.",
      );
    if (run.row.provider !== "local") await removeBuildSandbox(run.row.id);
    const done = await (run.row.provider === "local" ? publishLocally(run) : publishAtProvider(run));
    if (run.row.provider === "local" && !run.row.program) await removeBuildSandbox(run.row.id);
    return done;
  };
  /** Removes versions that are no longer kept. */
  const prune = (done: DeploymentRow): Promise<void> =>
    retention.prune(done).catch((err: unknown) => log.warn({ err, deployment_id: done.id }, "old versions not pruned"));
  /** Removes the files of a deployment that failed. */
  const discard = (row: DeploymentRow): Promise<void> =>
    retention.discard(row).catch((err: unknown) => log.warn({ err, deployment_id: row.id }, "leftover files of a deployment not removed"));

  /** Stores and logs why a run failed, and removes what it left. */
  const fail = async (run: DeploymentRun, error: unknown): Promise<DeploymentRow | undefined> => {
    const { id } = run.row;
    const isCancelled = run.signal.aborted && run.signal.reason !== "timeout";
    const { message: reason, failure } = explain(error, run.at);
    // Whatever the error, the container no longer exists.
    const isRemoved = (await store.find(id))?.container_id === null;
    const message = isRemoved
      ? containerRemoved
      : isCancelled
        ? "Canceled."
        : run.signal.aborted
          ? "It exceeded the time limit."
          : run.redact(reason).slice(0, 2000);
    if (!isCancelled && !(error instanceof AppError)) log.warn({ err: error, deployment_id: id, step: run.at }, "deployment failed");
    run.log.line(message);
    await run.log.flush();
    if (isCancelled || isRemoved) await removeUnfinished(run);
    const failed = await store.finish(id, { status: "failed", error: message, failure, has_artifact: false });
    await discard(run.row);
    return failed;
  };

  return {
    /** Runs or resumes one deployment. Failures are stored in the row; throws only at shutdown, and then the next server resumes. */
    run: async (id: string, task: PipelineTask): Promise<DeploymentRow | undefined> => {
      const row = await store.find(id);
      if (!row?.is_active) return row;
      const project = await projects.find(row.project_id);
      if (!project) return undefined;
      const abort = new AbortController();
      running.set(id, abort);
      const signal = AbortSignal.any([task.signal, abort.signal]);
      const run = await openDeploymentRun({ store, reporter }, row, project, { signal, progress: task.progress });
      try {
        if (row.cancel_requested_at !== null) abort.abort("cancelled");
        signal.throwIfAborted();
        if (row.container_id === null) throw new StepError("prepare", containerRemoved);
        if (row.status === "pending") run.log.line("Deployment started");
        const done = await runSteps(run);
        if (done?.status === "success") {
          const what = done.environment === "preview" ? "is a preview" : "is live";
          run.log.line(`Version ${done.version} ${what}${done.deployment_url ? ` at ${done.deployment_url}` : ""}`);
          await prune(done);
        }
        return done;
      } catch (error) {
        // The next server resumes it.
        if (task.signal.reason === "shutdown") throw error;
        return await fail(run, error);
      } finally {
        running.delete(id);
        await run.log.flush();
        const last = await store.find(id);
        if (last) await reporter.announce(last);
        await reporter.notify(id);
      }
    },
    /** Aborts a run in this process. */
    abort: (id: string): void => running.get(id)?.abort("cancelled"),
    isRunningHere: (id: string): boolean => running.has(id),
  };
}

/** Error message for the user and structured failure. */
function explain(error: unknown, step: DeploymentStep): { message: string; failure: NonNullable<DeploymentRow["failure"]> } {
  const where = error instanceof StepError ? error.where : { path: null, line: null };
  const hasUserMessage = error instanceof AppError || error instanceof RuntimeError || error instanceof ProviderError;
  return {
    message: hasUserMessage ? error.message : "Internal server error. It has been logged.",
    failure: {
      step: error instanceof StepError ? error.step : step,
      code: error instanceof ProviderError ? error.kind : null,
      ...where,
    },
  };
}

import { deploymentSteps, type DeploymentStatus, type DeploymentStep } from "@tesslate/contract";
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
import type { PublishLocally } from "./local-publishing.ts";
import type { PipelineState } from "./pipeline-state.ts";
import type { ProviderPublishing } from "./provider-publishing.ts";
import type { DeploymentRetention } from "./retention.ts";

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
export interface PipelineRun {
  signal: AbortSignal;
  progress(percent: number, message: string): Promise<void>;
}
export type Pipeline = ReturnType<typeof createPipeline>;
/** Builds, checks and releases a deployment. Every step is stored, so that a restarted server resumes where it was. */
export function createPipeline({
  store,
  projects,
  reporter,
  retention,
  buildSandboxes,
  buildArtifact,
  checkBuild,
  publishLocally,
  publishAtProvider,
  removeUnfinished,
  log,
}: {
  store: DeploymentsStore;
  projects: Pick<Projects, "find">;
  reporter: DeploymentReporter;
  retention: Pick<DeploymentRetention, "prune" | "discard">;
  buildSandboxes: Pick<BuildSandboxes, "remove">;
  buildArtifact: BuildArtifact;
  checkBuild: CheckBuild;
  publishLocally: PublishLocally;
  publishAtProvider: ProviderPublishing["publishAtProvider"];
  removeUnfinished: ProviderPublishing["removeUnfinished"];
  log: Logger;
}) {
  const running = new Map<string, AbortController>();
  /** Build, check, publish. Continues where an earlier run stopped. */
  const runSteps = async (current: PipelineState): Promise<DeploymentRow | undefined> => {
    const isSent = current.row.remote_id !== null;
    if (!isSent && !current.row.has_artifact) await checkBuild(current, await buildArtifact(current));
    else
      current.log.line(
        isSent ? "The server restarted. Still waiting for the provider." : "The server restarted. Continuing with the finished build.",
      );
    if (current.row.provider !== "local") await buildSandboxes.remove(current.row.id);
    const done = await (current.row.provider === "local" ? publishLocally(current) : publishAtProvider(current));
    if (current.row.provider === "local" && !current.row.program) await buildSandboxes.remove(current.row.id);
    return done;
  };
  /** Removes versions that are no longer kept. */
  const prune = (done: DeploymentRow): Promise<void> =>
    retention.prune(done).catch((err: unknown) => log.warn({ err, deployment_id: done.id }, "old versions not pruned"));
  /** Removes the files of a deployment that failed. */
  const discard = (row: DeploymentRow): Promise<void> =>
    retention.discard(row).catch((err: unknown) => log.warn({ err, deployment_id: row.id }, "leftover files of a deployment not removed"));
  /** Error message for the user and structured failure. */
  const explain = (error: unknown, step: DeploymentStep): { message: string; failure: NonNullable<DeploymentRow["failure"]> } => {
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
  };

  return {
    /** Runs or resumes one deployment. Failures are stored in the row; throws only at shutdown, and then the next server resumes. */
    run: async (id: string, task: PipelineRun): Promise<DeploymentRow | undefined> => {
      const row = await store.find(id);
      if (!row?.is_active) return row;
      const project = await projects.find(row.project_id);
      if (!project) return undefined;
      const abort = new AbortController();
      running.set(id, abort);
      const { request, log: lines, redact } = await reporter.openRun(row);
      let step: DeploymentStep = "prepare";
      const current: PipelineState = {
        row,
        project,
        request,
        log: lines,
        signal: AbortSignal.any([task.signal, abort.signal]),
        step: async (next) => {
          current.signal.throwIfAborted();
          step = next;
          const { percent, status } = steps[next];
          await task.progress(percent, `${deploymentSteps[next]}: ${row.container_name}`);
          if (current.row.status !== status) current.row = (await store.update(id, { status })) ?? current.row;
          // Also in the log, for later readers.
          lines.step(next);
          await reporter.announce(current.row, { step: next });
          await reporter.notify(id);
        },
      };
      try {
        if (row.cancel_requested_at !== null) abort.abort("cancelled");
        current.signal.throwIfAborted();
        if (row.container_id === null) throw new StepError("prepare", containerRemoved);
        if (row.status === "pending") lines.line("Deployment started");
        const done = await runSteps(current);
        if (done?.status === "success") {
          const what = done.environment === "preview" ? "is a preview" : "is live";
          lines.line(`Version ${done.version} ${what}${done.deployment_url ? ` at ${done.deployment_url}` : ""}`);
          await prune(done);
        }
        return done;
      } catch (error) {
        // The next server resumes it.
        if (task.signal.reason === "shutdown") throw error;
        const isCancelled = current.signal.aborted && current.signal.reason !== "timeout";
        const { message: reason, failure } = explain(error, step);
        // Whatever the error, the container no longer exists.
        const isRemoved = (await store.find(id))?.container_id === null;
        const message = isRemoved
          ? containerRemoved
          : isCancelled
            ? "Cancelled."
            : current.signal.aborted
              ? "It exceeded the time limit."
              : redact(reason).slice(0, 2000);
        if (!isCancelled && !(error instanceof AppError)) log.warn({ err: error, deployment_id: id, step }, "deployment failed");
        lines.line(message);
        await lines.flush();
        if (isCancelled || isRemoved) await removeUnfinished(current);
        const failed = await store.finish(id, { status: "failed", error: message, failure, has_artifact: false });
        await discard(current.row);
        return failed;
      } finally {
        running.delete(id);
        await lines.flush();
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

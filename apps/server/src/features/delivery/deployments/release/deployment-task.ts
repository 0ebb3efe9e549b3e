import type { DeployAllResult } from "@tesslate/contract";
import { AppError } from "../../../../platform/errors.ts";
import type { TaskContext, TaskRow, Tasks } from "../../../core/tasks/index.ts";
import { forEachConcurrently } from "../../../../platform/concurrency.ts";
import type { Logger } from "../../../../platform/logger.ts";
import type { DeploymentReporter } from "../deployment-reporter.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import { containerRemoved } from "../deployment-rules.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import type { Pipeline } from "./pipeline.ts";
import type { DeploymentRetention } from "./retention.ts";

export const deploymentType = "deployment";
const concurrency = 3;
/** A deployment that crashes the server is not retried forever. */
const maxAttempts = 5;
/** Building, checking, uploading and waiting for the provider, for the slowest of several. */
export const deploymentMs = 40 * 60_000;

interface Input {
  ids: string[];
  /** For several deployments: one failure does not fail the task. Also lists those that were not created. */
  all?: DeployAllResult[];
  attempt: number;
}

export type DeploymentTasks = ReturnType<typeof createDeploymentTasks>;
/** Tasks that run one or several deployments and resume them after a crash. */
export function createDeploymentTasks({
  store,
  pipeline,
  retention,
  reporter,
  onLive,
  tasks,
  log,
}: {
  store: DeploymentsStore;
  pipeline: Pick<Pipeline, "run">;
  retention: Pick<DeploymentRetention, "discard">;
  reporter: Pick<DeploymentReporter, "announce" | "notify">;
  /** Called after a deployment went live. Must not throw. */
  onLive: (projectId: string) => Promise<void>;
  tasks: Tasks;
  log: Logger;
}) {
  const resultOf = (row: DeploymentRow | undefined) => ({
    deployment_id: row?.id ?? null,
    status: row?.status ?? "failed",
    deployment_url: row?.deployment_url ?? null,
    version: row?.version ?? null,
  });
  const deploy = async (...args: Parameters<Pipeline["run"]>): Promise<DeploymentRow | undefined> => {
    const row = await pipeline.run(...args);
    if (row?.is_live) await onLive(row.project_id);
    return row;
  };
  const runAll = async ({ input, signal, progress }: TaskContext<Input>) => {
    const ends = new Map<string, DeploymentRow | undefined>();
    await forEachConcurrently(input.ids, concurrency, signal, async (id) => {
      ends.set(id, await deploy(id, { signal, progress: async () => undefined }));
      await progress((100 * ends.size) / input.ids.length, `${ends.size} of ${input.ids.length} deployed`);
    });
    const results = (input.all ?? []).map((result): DeployAllResult => {
      const row = result.deployment_id === null ? undefined : ends.get(result.deployment_id);
      return row ? { ...result, status: row.status === "failed" ? "failed" : "success", error: row.error } : result;
    });
    const count = (status: DeployAllResult["status"]) => results.filter((result) => result.status === status).length;
    return { total: results.length, deployed: count("success"), failed: count("failed"), skipped: count("skipped"), results };
  };
  tasks.define<Input>(deploymentType, {
    timeoutMs: deploymentMs,
    run: async (context) => {
      if (context.input.all || context.input.ids.length > 1) return runAll(context);
      const row = await deploy(context.input.ids[0] ?? "", context);
      if (row?.status === "failed") throw new AppError("not_deployable", row.error ?? "The deployment failed.");
      return resultOf(row);
    },
    interrupted: (task) => resume(task),
    // Cancelled before it started: end its rows here.
    ended: async (task) => {
      if (task.status !== "completed")
        await abandon((task.input as Input).ids, task.status === "cancelled" ? "Canceled." : (task.error ?? ""));
    },
  });
  /** Fails deployments that no task runs anymore. */
  const abandon = async (ids: readonly string[], error: string) => {
    for (const id of ids) {
      const isRemoved = (await store.find(id))?.container_id === null;
      const reason = isRemoved ? containerRemoved : error || "The deployment failed.";
      const ended = await store.finish(id, { status: "failed", error: reason, has_artifact: false });
      if (!ended) continue;
      await retention.discard(ended);
      await reporter.announce(ended);
      await reporter.notify(id);
    }
  };
  const resume = async (task: TaskRow): Promise<void> => {
    const input = task.input as Input;
    if (input.attempt >= maxAttempts)
      return abandon(input.ids, "The server stopped repeatedly during this deployment. Try again, or check the server's log.");
    await startTask(
      { user_id: task.user_id, project_id: task.project_id ?? "", metadata: task.metadata },
      { ...input, attempt: input.attempt + 1 },
    );
    log.info({ project_id: task.project_id, attempt: input.attempt + 1 }, "deployment resumed");
  };
  const startTask = async (
    { user_id, project_id, metadata }: { user_id: string; project_id: string; metadata: Record<string, unknown> },
    input: Input,
  ): Promise<void> => {
    await store.transaction(async (tx) => {
      const task = await tasks.create(tx, {
        user_id,
        project_id,
        type: deploymentType,
        unique_key: `${deploymentType}:${input.ids[0]}`,
        metadata,
        input,
        message: "Waiting to deploy",
      });
      for (const id of input.ids) await store.update(id, { task_id: task.id }, tx);
    });
  };

  return {
    /** Creates the task in the transaction that inserted the rows. */
    create: async (
      tx: Parameters<Tasks["create"]>[0],
      rows: readonly DeploymentRow[],
      { project, userId, all }: { project: { id: string; slug: string }; userId: string; all?: DeployAllResult[] },
    ): Promise<TaskRow> => {
      const ids = rows.map(({ id }) => id);
      const task = await tasks.create(tx, {
        user_id: userId,
        project_id: project.id,
        type: deploymentType,
        unique_key: `${deploymentType}:${ids[0]}`,
        metadata: {
          project_id: project.id,
          project_slug: project.slug,
          ...(rows.length === 1 &&
            rows[0] && { deployment_id: rows[0].id, provider: rows[0].provider, container_name: rows[0].container_name }),
        },
        input: { ids, attempt: 1, ...(all && { all }) },
        message: "Waiting to deploy",
      });
      for (const id of ids) await store.update(id, { task_id: task.id }, tx);
      return task;
    },
    /** Resumes deployments that a task of another type had started. */
    takeOver: (task: TaskRow, rows: readonly DeploymentRow[]): Promise<void> =>
      startTask(
        { user_id: task.user_id, project_id: task.project_id ?? "", metadata: task.metadata },
        { ids: rows.map(({ id }) => id), attempt: 1 },
      ),
    abandon,
    /** At boot: resumes deployments whose server crashed. */
    reconcile: async (): Promise<void> => {
      const groups = new Map<string, DeploymentRow[]>();
      for (const row of await store.listAbandoned()) groups.set(row.task_id ?? row.id, [...(groups.get(row.task_id ?? row.id) ?? []), row]);
      for (const rows of groups.values()) {
        const [first] = rows;
        if (!first) continue;
        await startTask(
          { user_id: first.user_id, project_id: first.project_id, metadata: { project_id: first.project_id } },
          {
            ids: rows.map(({ id }) => id),
            attempt: 1,
          },
        ).catch((err: unknown) => log.error({ err, deployment_id: first.id }, "deployment not resumed"));
      }
    },
  };
}

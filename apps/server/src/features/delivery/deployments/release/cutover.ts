import type { DeploymentStep } from "@tesslate/contract";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError, conflict, notFound } from "../../../../platform/errors.ts";
import type { ProjectRow } from "../../../../db/schema/projects.ts";
import { taskLinks, type TaskRow, type Tasks } from "../../../core/tasks/index.ts";
import type { Projects } from "../../../projects/projects/index.ts";
import type { DeploymentChoices } from "../prepare-deployment.ts";
import type { DeploymentReporter } from "../deployment-reporter.ts";
import type { DeploymentTasks } from "./deployment-task.ts";
import type { DeploymentLog } from "../deployment-log.ts";
import { presentDeployment } from "../present.ts";
import { cutoverKey, type DeploymentsStore } from "../deployments.store.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import { ProviderError } from "../providers/client.ts";
import { alreadyDeploying, containerRemoved, notConnected } from "../deployment-rules.ts";

const cancelWaitMs = 5000;

/** Input of every cutover task: the version to make live. */
export interface CutoverInput {
  id: string;
}
export interface CutoverRun<Input> {
  task: TaskRow;
  input: Input;
  row: DeploymentRow;
  project: ProjectRow;
  log: DeploymentLog;
  signal: AbortSignal;
  progress(percent: number, message: string): Promise<void>;
  /** Emits the current step. */
  step(step: DeploymentStep): Promise<void>;
}
/** One kind of cutover: a promotion or a rollback. */
export interface Cutover<Input extends CutoverInput> {
  type: string;
  timeoutMs: number;
  /** Task message before it starts. */
  waiting(row: DeploymentRow): string;
  /** Returns the version that is live afterwards. May run again after a crash. */
  run(run: CutoverRun<Input>): Promise<DeploymentRow | undefined>;
  /** Log line on success. */
  done(live: DeploymentRow, requested: DeploymentRow): string;
  /** First sentence of the error. */
  failed: string;
  /** Stores the error; a rollback changes no row. */
  keepFailure?(row: DeploymentRow, message: string): Promise<DeploymentRow | undefined>;
}

export type Cutovers = ReturnType<typeof createCutovers>;
/**
 * Makes an existing version live: a preview deployment or an earlier version. Only one deployment or cutover runs per container and provider
 * at a time.
 */
export function createCutovers({
  store,
  projects,
  reporter,
  isConnected,
  deploymentTasks,
  tasks,
}: {
  store: DeploymentsStore;
  projects: Pick<Projects, "find">;
  reporter: DeploymentReporter;
  isConnected: DeploymentChoices["isConnected"];
  deploymentTasks: Pick<DeploymentTasks, "takeOver" | "abandon">;
  tasks: Pick<Tasks, "define" | "create" | "requestCancel" | "ended">;
}) {
  /** After a crash: runs it again, unless a deployment has started there. */
  const resume = async ({ user_id, project_id, type, unique_key, input, metadata }: TaskRow): Promise<void> => {
    const row = await store.find((input as CutoverInput).id);
    if (!row || row.container_id === null) return;
    const key = { container_id: row.container_id, provider: row.provider };
    await store.transaction(async (tx) => {
      await store.lock(tx, key);
      if (await store.isBusy(tx, key)) return;
      await tasks.create(tx, {
        user_id,
        type,
        unique_key: unique_key ?? cutoverKey(key),
        input,
        metadata,
        ...(project_id !== null && { project_id }),
      });
    });
  };

  return {
    /** Defines one kind and returns the function that starts it. */
    define: <Input extends CutoverInput>({ type, timeoutMs, waiting, run, done, failed, keepFailure }: Cutover<Input>) => {
      tasks.define<Input>(type, {
        timeoutMs,
        run: async ({ task, input, signal, progress }) => {
          const row = await store.find(input.id);
          const project = row && (await projects.find(row.project_id));
          if (!row || !project) throw notFound("Deployment");
          const { log, redact } = await reporter.open(row);
          const resultOf = ({ id, version, deployment_url }: DeploymentRow) => ({ deployment_id: id, version, deployment_url });
          try {
            // Resumes when the server crashed after the cutover.
            if (row.is_live) return resultOf(row);
            const live = await run({
              task,
              input,
              row,
              project,
              log,
              signal,
              progress,
              step: (step) => reporter.announce(row, { step }),
            });
            if (!live) throw conflict("not_deployable", containerRemoved);
            log.line(done(live, row));
            await reporter.announce(live);
            return resultOf(live);
          } catch (error) {
            // The next server resumes it.
            if (signal.reason === "shutdown") throw error;
            const hasUserMessage = error instanceof AppError || error instanceof ProviderError;
            const reason = signal.aborted
              ? signal.reason === "timeout"
                ? "It exceeded the time limit."
                : "Canceled."
              : hasUserMessage
                ? error.message
                : "Internal server error. It has been logged.";
            const message = redact(reason).slice(0, 2000);
            log.line(`${failed} ${message}`);
            const after = await keepFailure?.(row, `${failed} ${message}`);
            if (after) await reporter.announce(after);
            throw hasUserMessage ? new AppError("not_deployable", message) : error;
          } finally {
            await log.flush();
            await reporter.notify(row.id);
          }
        },
        interrupted: async (task) => {
          const started = await store.listActiveOf(task.id);
          await (started.length > 0 ? deploymentTasks.takeOver(task, started) : resume(task));
        },
        ended: async (task) => {
          if (task.status === "completed") return;
          const started = await store.listActiveOf(task.id);
          await deploymentTasks.abandon(
            started.map(({ id }) => id),
            task.error ?? "",
          );
        },
      });
      return async (userId: string, project: ProjectRow, row: DeploymentRow, input: Input) => {
        const container = (await store.containersOf(project.id)).find((each) => each.id === row.container_id);
        if (!container) throw conflict("not_deployable", "The container of this version was deleted.");
        if (!(await isConnected(userId, project.id, row.provider))) throw notConnected(row.provider);
        const key = { container_id: container.id, provider: row.provider };
        const { task, isNew } = await store.transaction(async (tx) => {
          await store.lock(tx, key);
          const [known] = await store.listCutovers([row.id], tx);
          // A repeated request returns the running task.
          if (known?.type === type) return { task: known, isNew: false };
          if (await store.isBusy(tx, key)) throw alreadyDeploying(container, row.provider);
          const made = await tasks.create(tx, {
            user_id: userId,
            project_id: project.id,
            type,
            unique_key: cutoverKey(key),
            metadata: {
              project_id: project.id,
              project_slug: project.slug,
              deployment_id: row.id,
              version: row.version,
              provider: row.provider,
            },
            input,
            message: waiting(row),
          });
          return { task: made, isNew: true };
        });
        return { ...taskLinks(task), ...(!isNew && { already_started: true }), deployment: presentDeployment(row) };
      };
    },
    /** Cancels cutovers to these versions and waits up to `cancelWaitMs` for each. */
    end: async (rows: readonly Pick<DeploymentRow, "id">[]): Promise<void> => {
      for (const { id } of await store.listCutovers(rows.map((row) => row.id))) {
        await tasks.requestCancel(id);
        await Promise.race([tasks.ended(id), sleep(cancelWaitMs, undefined, { ref: false })]);
      }
    },
  };
}

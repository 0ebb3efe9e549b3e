import { setTimeout as sleep } from "node:timers/promises";
import { AppError, conflict, notFound } from "../../../../platform/errors.ts";
import type { EventLog } from "../../../../platform/events.ts";
import type { Projects } from "../../../projects/projects/index.ts";
import type { ProjectRow } from "../../../../db/schema/projects.ts";
import type { Redactions } from "../../../projects/secrets/index.ts";
import { taskLinks, type TaskRow, type Tasks } from "../../../core/tasks/index.ts";
import type { Beginning } from "../create-deployment.ts";
import type { Deploying } from "./deployment-task.ts";
import type { DeploymentLog, DeploymentLogs } from "../deployment-log.ts";
import { containerRemoved, wireOf } from "../present.ts";
import { switchKey, type DeploymentsStore } from "../deployments.store.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import { TargetError } from "../providers/client.ts";

const cancelWaitMs = 5000;

/** What every switch is asked for: the version that is to be seen. */
export interface SwitchInput {
  id: string;
}
export interface SwitchRun<Input> {
  task: TaskRow;
  input: Input;
  row: DeploymentRow;
  project: ProjectRow;
  log: DeploymentLog;
  signal: AbortSignal;
  progress(percent: number, message: string): Promise<void>;
  /** Tells everybody at which step it is. */
  step(title: string): Promise<void>;
}
/** One way in which a version that is there becomes what visitors see. */
export interface Switch<Input extends SwitchInput> {
  type: string;
  timeoutMs: number;
  /** What its task says before it runs. */
  waiting(row: DeploymentRow): string;
  /** Gives the version that is live at its end. It may run once more after the end of a server. */
  run(run: SwitchRun<Input>): Promise<DeploymentRow | undefined>;
  /** What the log of the version says then. */
  done(live: DeploymentRow, asked: DeploymentRow): string;
  /** Begins the sentence that says why not. */
  failed: string;
  /** Keeps that sentence; what was not changed needs no row. */
  keepFailure?(row: DeploymentRow, sentence: string): Promise<DeploymentRow | undefined>;
}

/**
 * How a version that is there takes the place of what visitors see, whether it was a preview or is a former version: who may begin, and its task.
 * One place (a container at a provider) is changed by one thing at a time: a deployment, or one of these.
 */
export type Switching = ReturnType<typeof createSwitching>;
export function createSwitching({
  store,
  logs,
  beginning,
  deploying,
  projects,
  redactions,
  events,
  tasks,
}: {
  store: DeploymentsStore;
  logs: DeploymentLogs;
  beginning: Pick<Beginning, "isConnected" | "missing" | "busy">;
  deploying: Pick<Deploying, "takeOver" | "abandon">;
  projects: Pick<Projects, "find">;
  redactions: Redactions;
  events: EventLog;
  tasks: Pick<Tasks, "define" | "create" | "requestCancel" | "settled">;
}) {
  const changed = (row: DeploymentRow, step?: string) =>
    events.append(row.project_id, {
      type: "deployment_changed",
      data: { id: row.id, op: "update", status: row.status, ...(step !== undefined && { step }) },
    });

  /** The same again by the next server, unless a deployment took the place meanwhile. */
  const resume = async ({ user_id, project_id, type, unique_key, input, metadata }: TaskRow): Promise<void> => {
    const row = await store.find((input as SwitchInput).id);
    if (!row || row.container_id === null) return;
    const place = { container_id: row.container_id, provider: row.provider };
    await store.transaction(async (tx) => {
      await store.lock(tx, place);
      if (await store.isBusy(tx, place)) return;
      await tasks.create(tx, {
        user_id,
        type,
        unique_key: unique_key ?? switchKey(place),
        input,
        metadata,
        ...(project_id !== null && { project_id }),
      });
    });
  };

  return {
    /** Declares one way, and gives what begins it. */
    define: <Input extends SwitchInput>({ type, timeoutMs, waiting, run, done, failed, keepFailure }: Switch<Input>) => {
      tasks.define<Input>(type, {
        timeoutMs,
        run: async ({ task, input, signal, progress }) => {
          const row = await store.find(input.id);
          const project = row && (await projects.find(row.project_id));
          if (!row || !project) throw notFound("Deployment");
          const redaction = await redactions.live(project.id);
          const redact = (text: string) => redaction.current.redact(text);
          const log = await logs.open(row.id, redact);
          const resultOf = ({ id, version, deployment_url }: DeploymentRow) => ({ deployment_id: id, version, deployment_url });
          try {
            // A server that ended between the two goes on here.
            if (row.is_live) return resultOf(row);
            const live = await run({ task, input, row, project, log, signal, progress, step: (title) => changed(row, title) });
            if (!live) throw conflict("not_deployable", containerRemoved);
            log.line(done(live, row));
            await changed(live);
            return resultOf(live);
          } catch (error) {
            // The next start goes on.
            if (signal.reason === "shutdown") throw error;
            const isForPeople = error instanceof AppError || error instanceof TargetError;
            const reason = signal.aborted
              ? signal.reason === "timeout"
                ? "It took too long."
                : "Cancelled."
              : isForPeople
                ? error.message
                : "Something went wrong on our side. It has been logged.";
            const sentence = redact(reason).slice(0, 2000);
            log.line(`${failed} ${sentence}`);
            const after = await keepFailure?.(row, `${failed} ${sentence}`);
            if (after) await changed(after);
            throw isForPeople ? new AppError("not_deployable", sentence) : error;
          } finally {
            await log.settle();
            await logs.ring(row.id);
          }
        },
        interrupted: async (task) => {
          const begun = await store.listActiveOf(task.id);
          await (begun.length > 0 ? deploying.takeOver(task, begun) : resume(task));
        },
        ended: async (task) => {
          if (task.status === "completed") return;
          const begun = await store.listActiveOf(task.id);
          await deploying.abandon(
            begun.map(({ id }) => id),
            task.error ?? "",
          );
        },
      });
      return async (userId: string, project: ProjectRow, row: DeploymentRow, input: Input) => {
        const container = (await store.containersOf(project.id)).find((each) => each.id === row.container_id);
        if (!container) throw conflict("not_deployable", "The container of this version was removed.");
        if (!(await beginning.isConnected(userId, project.id, row.provider))) throw beginning.missing(row.provider);
        const place = { container_id: container.id, provider: row.provider };
        const { task, isNew } = await store.transaction(async (tx) => {
          await store.lock(tx, place);
          const [known] = await store.listSwitches([row.id], tx);
          // Asked for twice, it is done once.
          if (known?.type === type) return { task: known, isNew: false };
          if (await store.isBusy(tx, place)) throw beginning.busy(container, row.provider);
          const made = await tasks.create(tx, {
            user_id: userId,
            project_id: project.id,
            type,
            unique_key: switchKey(place),
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
        return { ...taskLinks(task), ...(!isNew && { already_started: true }), deployment: wireOf(row) };
      };
    },
    /** Ends those that make one of these versions live, and waits a while for that. */
    end: async (rows: readonly Pick<DeploymentRow, "id">[]): Promise<void> => {
      for (const { id } of await store.listSwitches(rows.map((row) => row.id))) {
        await tasks.requestCancel(id);
        await Promise.race([tasks.settled(id), sleep(cancelWaitMs, undefined, { ref: false })]);
      }
    },
  };
}

import type { DeploymentRow } from "../../../db/schema/delivery.ts";
import type { Bus } from "../../../platform/bus.ts";
import type { Tasks } from "../../core/tasks/index.ts";
import type { DeploymentLogs } from "./deployment-log.ts";
import type { DeploymentsStore } from "./deployments.store.ts";
import type { Pipeline } from "./release/pipeline.ts";

const cancelChannel = "deployment_cancel";
const cancelWaitMs = 5000;

export type CancelDeployment = ReturnType<typeof createCancelDeployment>;
/** Cancels a running deployment on whichever server runs it, and waits up to `cancelWaitMs` for its end. */
export function createCancelDeployment({
  store,
  logs,
  pipeline,
  tasks,
  bus,
}: {
  store: DeploymentsStore;
  logs: Pick<DeploymentLogs, "follow">;
  pipeline: Pick<Pipeline, "abort" | "isRunningHere">;
  tasks: Pick<Tasks, "requestCancel">;
  bus: Bus;
}) {
  bus.listen<{ id: string }>(cancelChannel, ({ id }) => pipeline.abort(id));
  return async (row: DeploymentRow): Promise<void> => {
    if (!(await store.requestCancel(row.id))) return;
    await bus.notify(cancelChannel, { id: row.id });
    pipeline.abort(row.id);
    const siblings = (await store.listOfProject(row.project_id)).filter((other) => other.is_active && other.task_id === row.task_id);
    if (row.task_id !== null && siblings.length <= 1 && !pipeline.isRunningHere(row.id)) await tasks.requestCancel(row.task_id);
    const ended = logs.follow(row.id, AbortSignal.timeout(cancelWaitMs));
    try {
      for (const deadline = Date.now() + cancelWaitMs; Date.now() < deadline; await ended.wait()) {
        const now = await store.find(row.id);
        if (!now?.is_active) return;
      }
    } finally {
      ended.end();
    }
  };
}

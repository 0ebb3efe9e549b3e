import type { DeploymentStatus } from "@tesslate/contract";
import type { DeploymentRow } from "../../../db/schema/delivery.ts";
import type { Projects } from "../../projects/projects/index.ts";
import { stepOfLine, type DeploymentLogs } from "./deployment-log.ts";
import type { DeploymentsStore } from "./deployments.store.ts";
import type { RequireDeployment } from "./require-deployment.ts";

/** Follows a deployment: stored lines first, then new ones until it ends. */
export function createDeploymentStream({
  store,
  logs,
  projects,
  requireDeployment,
}: {
  store: DeploymentsStore;
  logs: Pick<DeploymentLogs, "follow">;
  projects: Pick<Projects, "lifetime">;
  requireDeployment: RequireDeployment;
}) {
  async function* follow(row: DeploymentRow, signal: AbortSignal, lastSeq: number) {
    const follower = logs.follow(row.id, signal);
    let seq = lastSeq;
    let status: DeploymentStatus | undefined;
    try {
      while (!signal.aborted) {
        // Read the row before its lines, so that an ended deployment has all of its lines.
        const now = await store.find(row.id);
        if (!now) return;
        for (let page = await store.linesOf(row.id, seq, 500); page.length > 0; page = await store.linesOf(row.id, seq, 500))
          for (const { seq: at, line } of page) {
            seq = at;
            const step = stepOfLine(line);
            yield { seq, type: "log" as const, data: { line, ...(step && { step_key: step }) } };
          }
        if (now.status !== status) {
          status = now.status;
          yield { type: "status" as const, data: { status } };
        }
        if (!now.is_active) {
          yield { seq: endSeqOf(now), type: "done" as const, data: { status: now.status, error: now.error } };
          return;
        }
        await follower.wait();
      }
    } finally {
      follower.end();
    }
  }

  /** `lastSeq`: the last event the client received. Undefined: the client has already received the end. */
  return async (userId: string, id: string, signal: AbortSignal, lastSeq = 0) => {
    const row = await requireDeployment(userId, id);
    if (endSeqOf(row) <= lastSeq) return undefined;
    return follow(row, AbortSignal.any([signal, projects.lifetime(row.project_id)]), lastSeq);
  };
}

/**
 * The `seq` of the `done` event: the end time in milliseconds, which is larger than any line number. A client that resumes with it has
 * received everything.
 */
const endSeqOf = ({ is_active, completed_at, updated_at }: DeploymentRow): number =>
  is_active ? Infinity : Date.parse(completed_at ?? updated_at);

import { deploymentSteps, type DeploymentStatus, type DeploymentStep } from "@tesslate/contract";
import type { DeploymentRow } from "../../../db/schema/delivery.ts";
import type { EventLog } from "../../../platform/events.ts";
import { createRedactor, hiddenValues, type Redactions } from "../../projects/secrets/index.ts";
import type { DeploymentLog, DeploymentLogs } from "./deployment-log.ts";
import { secretNamesOf, type RequestVault, type StoredRequest } from "./deployment-request.ts";

/** A log without secrets. `redact` hides the same values in other texts. */
interface RedactedLog {
  log: DeploymentLog;
  redact(text: string): string;
}

export type DeploymentReporter = ReturnType<typeof createDeploymentReporter>;
/** What is reported about deployments: log lines without secrets, and events. */
export const createDeploymentReporter = ({
  vault,
  logs,
  redactions,
  events,
}: {
  vault: Pick<RequestVault, "open">;
  logs: Pick<DeploymentLogs, "open" | "notify">;
  redactions: Pick<Redactions, "live" | "redact">;
  events: Pick<EventLog, "append">;
}) => ({
  /** Hides the secrets of the project. */
  open: async (row: { id: string; project_id: string }): Promise<RedactedLog> => {
    const redaction = await redactions.live(row.project_id);
    const redact = (text: string) => redaction.current.redact(text);
    return { log: await logs.open(row.id, redact), redact };
  },
  /** Hides the secrets of the request too; they may have changed in the project since. */
  openRun: async (row: DeploymentRow): Promise<RedactedLog & { request: StoredRequest }> => {
    const request = vault.open(row);
    const secretNames = secretNamesOf(request.env);
    const own = createRedactor(hiddenValues(Object.fromEntries(Object.entries(request.env).filter(([name]) => secretNames.has(name)))));
    const others = await redactions.live(row.project_id);
    const redact = (text: string) => own.redact(others.current.redact(text));
    return { request, log: await logs.open(row.id, redact), redact };
  },
  redact: (projectId: string, text: string): Promise<string> => redactions.redact(projectId, text),
  /** Wakes followers on all servers. */
  notify: (id: string): Promise<void> => logs.notify(id),
  /** Emits `deployment_changed` on the project's stream. `step`: the step a running deployment has reached. */
  announce: async (
    row: { id: string; project_id: string; status: DeploymentStatus },
    { op = "update", step }: { op?: "add" | "update" | "delete"; step?: DeploymentStep | undefined } = {},
  ): Promise<void> => {
    await events.append(row.project_id, {
      type: "deployment_changed",
      data: { id: row.id, op, status: row.status, ...(step !== undefined && { step: deploymentSteps[step], step_key: step }) },
    });
  },
});

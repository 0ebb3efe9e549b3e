import type { Logger } from "../../../../platform/logger.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import type { ProviderPublishing } from "./provider-publishing.ts";
import type { DeploymentRetention } from "./retention.ts";

export type DeploymentCleanup = ReturnType<typeof createDeploymentCleanup>;
/** What is removed after a deployment. Failures are only logged. */
export const createDeploymentCleanup = ({
  retention,
  removeUnfinished,
  log,
}: {
  retention: Pick<DeploymentRetention, "prune" | "discard">;
  removeUnfinished: ProviderPublishing["removeUnfinished"];
  log: Logger;
}) => ({
  /** Versions that are no longer kept. */
  prune: (done: DeploymentRow): Promise<void> =>
    retention.prune(done).catch((err: unknown) => log.warn({ err, deployment_id: done.id }, "old versions not pruned")),
  /** The files of a deployment that failed. */
  discard: (row: DeploymentRow): Promise<void> =>
    retention.discard(row).catch((err: unknown) => log.warn({ err, deployment_id: row.id }, "leftover files of a deployment not removed")),
  removeUnfinished,
});
